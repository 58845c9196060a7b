//! Ids as types: an index into one table cannot be used with another.

use serde::{Deserialize, Serialize};

macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the table that this id was made for.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// Panics above `u32::MAX` entries: no layer of a city has four thousand million features.
            fn from(index: usize) -> Self {
                Self(u32::try_from(index).expect("a layer has fewer than 2^32 features"))
            }
        }
    };
}

index_type!(
    /// A feature (building, grid, point, road) by its position in its layer.
    FeatureIdx
);
index_type!(
    /// A cell of a raster, counted row by row from the north-west corner.
    CellIdx
);
