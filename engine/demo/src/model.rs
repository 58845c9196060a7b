//! The city in memory: every part made in order, each from the ones before.

use stormgrid_core::raster::{Raster, RasterGeometry};

use crate::assets;
use crate::buildings::{self, Building, Site};
use crate::ground::{self, Ground};
use crate::landuse::{self, Painted};
use crate::layers::{self, Layer};
use crate::names;
use crate::parklayers;
use crate::parks::Parks;
use crate::partition::Partition;
use crate::place::Placer;
use crate::plan;
use crate::streets;
use crate::territory::{self, Codes};
use crate::warp::Warp;
use crate::{DemoError, DemoOptions};

/// CRS of terrain and city.
pub(crate) const CRS: &str = "EPSG:4547";
/// Longitude and latitude of the site's origin [degrees].
pub(crate) const ORIGIN: [f64; 2] = [113.10, 22.56];

/// All that is written.
pub(crate) struct City {
    /// Easting and northing of the site's origin [m].
    pub(crate) origin: [f64; 2],
    /// Ground [m].
    pub(crate) elevation: Raster<f32>,
    /// Manning's n [s m⁻¹ᐟ³].
    pub(crate) manning: Raster<f32>,
    /// Buildings, in the site frame.
    pub(crate) buildings: Vec<Building>,
    /// Codes of the units, which buildings name by position.
    pub(crate) unit_codes: Vec<String>,
    /// Coverages, assets and boundaries.
    pub(crate) layers: Vec<Layer>,
}

/// Makes the city.
pub(crate) fn make(options: &DemoOptions) -> Result<City, DemoError> {
    let seed = options.seed;
    let warp = Warp::new();
    let placer = Placer::new(&warp, CRS, ORIGIN)?;
    let partition = Partition::new(seed);
    let villages = names::villages(&partition);
    let named_estate = site_of_named_estate(&partition, &villages);
    let uses = landuse::assign(&partition, named_estate, seed);
    let lines = streets::lines(&partition, &uses, seed);
    let painted = Painted::new(&partition, &lines, &warp);
    let ground = Ground::new(seed, &warp, &partition, &uses, &lines, &painted);
    let geometry: RasterGeometry =
        ground::raster_geometry(&warp, placer.origin(), options.cell_size_m)?;
    let (elevation, manning) = ground::rasters(&ground, geometry, placer.origin())?;
    let parks = Parks::new(&partition, &uses, seed);
    let site = Site {
        warp: &warp,
        partition: &partition,
        uses: &uses,
        painted: &painted,
        ground: &ground,
        parks: &parks,
        villages: &villages,
        named_estate,
        seed,
    };
    let buildings = buildings::build(&site);
    let mut layers = territory::layers(&site, &buildings, &placer)?;
    layers.extend(parklayers::layers(&site, &buildings, &placer)?);
    let codes = Codes::new(&site);
    layers.extend(assets::layers(&assets::Source {
        site: &site,
        lines: &lines,
        buildings: &buildings,
        placer: &placer,
        codes: &codes,
    })?);
    layers.extend(layers::boundaries(&placer)?);
    Ok(City {
        origin: placer.origin(),
        elevation,
        manning,
        buildings,
        unit_codes: codes.units,
        layers,
    })
}

/// The roomiest flat unit of the estate's community.
fn site_of_named_estate(partition: &Partition, villages: &[names::VillageName]) -> usize {
    let room = |index: usize| {
        let block = partition.units[index].block;
        let (u, v) = block.center();
        let usable = !plan::on_hill(u, v) && !plan::is_industrial(u, v) && !plan::in_river(u, v);
        // Large blocks at the edge of the community are not city blocks.
        let side = block.width().min(block.height()).min(160);
        if usable { side } else { 0 }
    };
    (0..partition.units.len())
        .filter(|&index| {
            let grid = partition.units[index].parent;
            let village = &villages[partition.grids[grid].parent];
            village.name == names::ESTATE_COMMUNITY && village.is_community
        })
        .max_by_key(|&index| (room(index), usize::MAX - index))
        .unwrap_or_default()
}
