//! PROJ, the judge of arbitrary coordinate systems.

use proj::Proj;

use crate::{Crs, CrsError};

/// Converts points with PROJ, degrees or metres as in [`crate::Projector`].
///
/// Slower to set up than a projector and not to be shared between threads; for checks, and for
/// systems that need grids or a change of datum.
///
/// PROJ reads its register from `proj.db`, which it seeks where it was built and in the folder that
/// the environment variable `PROJ_DATA` names; without it no CRS is known to it.
pub fn reference(from: &str, to: &str, points: &mut [[f64; 2]]) -> Result<(), CrsError> {
    let (from, to) = (Crs::parse(from)?, Crs::parse(to)?);
    let failed = |reason: String| CrsError::Reference {
        from: from.name().to_owned(),
        to: to.name().to_owned(),
        reason,
    };
    let proj = Proj::new_known_crs(&from.for_proj(), &to.for_proj(), None).map_err(|e| {
        failed(format!(
            "{e}; it needs its database proj.db, whose folder PROJ_DATA can name"
        ))
    })?;
    for point in points {
        let (x, y) = proj
            .convert((point[0], point[1]))
            .map_err(|e| failed(e.to_string()))?;
        *point = [x, y];
    }
    Ok(())
}
