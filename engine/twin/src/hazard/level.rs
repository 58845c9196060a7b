//! Levels.

use serde::{Deserialize, Serialize};
use stormgrid_sim::classes::Colour;

/// Level of danger; ordered, a later one is worse. In rules it is a word, in results a number, 0 to 4.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    /// None.
    #[default]
    None = 0,
    /// 蓝色, IV.
    Blue = 1,
    /// 黄色, III.
    Yellow = 2,
    /// 橙色, II.
    Orange = 3,
    /// 红色, I.
    Red = 4,
}

impl Level {
    /// All levels, rising.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Blue,
        Self::Yellow,
        Self::Orange,
        Self::Red,
    ];

    /// The level as a number, 0 to 4.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Some steps worse, red at most.
    pub fn raised(self, steps: u8) -> Self {
        let at = usize::from(self.number().saturating_add(steps));
        Self::ALL.get(at).copied().unwrap_or(Self::Red)
    }

    /// The word in rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}

impl From<Option<Colour>> for Level {
    fn from(colour: Option<Colour>) -> Self {
        match colour {
            None => Self::None,
            Some(Colour::Blue) => Self::Blue,
            Some(Colour::Yellow) => Self::Yellow,
            Some(Colour::Orange) => Self::Orange,
            Some(Colour::Red) => Self::Red,
        }
    }
}
