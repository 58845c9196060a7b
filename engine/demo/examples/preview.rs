//! Draws a demo twin as a map, to look at: `cargo run --release -p stormgrid_demo --example preview
//! -- TWIN map.png`, where TWIN is made first if it is missing.
//!
//! Ground by height, water at the usual level blue, roads white, dikes black, grids' borders red,
//! houses by height.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use serde_json::Value;
use stormgrid_core::geo::{BoundingRect, Contains, LineString, Point, Polygon};
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_crs::Projector;
use stormgrid_formats::{elevation, vector};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(twin), Some(picture)) = (arguments.next(), arguments.next()) else {
        return Err("give the twin's folder and the picture to write".into());
    };
    let twin = Path::new(&twin);
    if !twin.exists() {
        let report = stormgrid_demo::generate(twin, &stormgrid_demo::DemoOptions::default())?;
        println!("{report:#?}");
    }
    let read = |path: &str| std::fs::read(twin.join(path));
    let ground = elevation::read(&read("terrain/elevation.tif")?, "elevation.tif")?.raster;
    let mut map = Map::new(&ground);
    let to_crs = Projector::new("EPSG:4490", "EPSG:4547")?;
    for (path, color) in [
        ("assets/roads.geojson", [250, 250, 240]),
        ("assets/dikes.geojson", [40, 40, 40]),
    ] {
        for feature in vector::read_lines(&read(path)?, path)?.features {
            for line in feature.geometry {
                map.line(&projected(&line, &to_crs)?, color);
            }
        }
    }
    for (footprint, height) in houses(&String::from_utf8(read("city/buildings.city.jsonl")?)?)? {
        let high = (height / 60.0).clamp(0.0, 1.0);
        map.area(
            &footprint,
            [170 + (60.0 * high) as u8, 110 - (90.0 * high) as u8, 80],
        );
    }
    let path = "grids/grids.geojson";
    for feature in vector::read_polygons(&read(path)?, path, vector::Rings::Refuse)?.features {
        for polygon in feature.geometry {
            map.line(&projected(polygon.exterior(), &to_crs)?, [220, 30, 30]);
        }
    }
    std::fs::write(picture, map.png()?)?;
    Ok(())
}

fn projected(
    line: &LineString<f64>,
    to_crs: &Projector,
) -> Result<LineString<f64>, Box<dyn Error>> {
    let points: Result<Vec<[f64; 2]>, _> =
        line.coords().map(|c| to_crs.convert(c.x, c.y)).collect();
    Ok(points?.into_iter().map(|[x, y]| (x, y)).collect())
}

type House = (Polygon<f64>, f64);

/// Footprint in the CRS and height [m] of every building: the ground surface is the first of each
/// shell that the generator writes.
fn houses(text: &str) -> Result<Vec<House>, Box<dyn Error>> {
    let mut lines = text.lines().map(serde_json::from_str::<Value>);
    let header = lines.next().ok_or("an empty city")??;
    let number = |value: &Value, path: &str| {
        value
            .pointer(path)
            .and_then(Value::as_f64)
            .ok_or(format!("no number at {path}"))
    };
    let [east, north, step] = [
        number(&header, "/transform/translate/0")?,
        number(&header, "/transform/translate/1")?,
        number(&header, "/transform/scale/0")?,
    ];
    let mut houses = Vec::new();
    for feature in lines {
        let feature = feature?;
        let id = feature["id"].as_str().ok_or("a building without id")?;
        let object = &feature["CityObjects"][id];
        let ring = object
            .pointer("/geometry/0/boundaries/0/0/0")
            .and_then(Value::as_array)
            .ok_or("no ground")?;
        let mut line = Vec::new();
        for vertex in ring {
            line.push((
                east + step * number(&feature, &format!("/vertices/{vertex}/0"))?,
                north + step * number(&feature, &format!("/vertices/{vertex}/1"))?,
            ));
        }
        houses.push((
            Polygon::new(line.into(), Vec::new()),
            number(object, "/attributes/measuredHeight")?,
        ));
    }
    Ok(houses)
}

/// A picture with a pixel for each cell of the ground.
struct Map {
    geometry: RasterGeometry,
    pixels: Vec<[u8; 3]>,
}

impl Map {
    fn new(ground: &Raster<f64>) -> Self {
        let pixels = ground
            .values()
            .iter()
            .map(|&z| color_of_height(z))
            .collect();
        Self {
            geometry: *ground.geometry(),
            pixels,
        }
    }

    fn paint(&mut self, x: f64, y: f64, color: [u8; 3]) {
        if let Some((row, col)) = self.geometry.cell_at(x, y) {
            self.pixels[row * self.geometry.n_cols + col] = color;
        }
    }

    fn line(&mut self, line: &LineString<f64>, color: [u8; 3]) {
        for segment in line.lines() {
            let (dx, dy) = (segment.dx(), segment.dy());
            let steps = (dx.hypot(dy) / (0.5 * self.geometry.dx)).ceil().max(1.0) as usize;
            for k in 0..=steps {
                let t = k as f64 / steps as f64;
                self.paint(segment.start.x + t * dx, segment.start.y + t * dy, color);
            }
        }
    }

    fn area(&mut self, area: &Polygon<f64>, color: [u8; 3]) {
        let Some(bounds) = area.bounding_rect() else {
            return;
        };
        let step = 0.5 * self.geometry.dx;
        let (n_x, n_y) = (
            (bounds.width() / step) as usize,
            (bounds.height() / step) as usize,
        );
        for j in 0..=n_y {
            for i in 0..=n_x {
                let (x, y) = (
                    bounds.min().x + i as f64 * step,
                    bounds.min().y + j as f64 * step,
                );
                if area.contains(&Point::new(x, y)) {
                    self.paint(x, y, color);
                }
            }
        }
    }

    /// Portable Network Graphics, 8 bits of red, green and blue (ISO/IEC 15948).
    fn png(&self) -> std::io::Result<Vec<u8>> {
        let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        for row in self.pixels.chunks(self.geometry.n_cols) {
            deflate.write_all(&[0])?;
            deflate.write_all(row.as_flattened())?;
        }
        let mut header = Vec::new();
        header.extend((self.geometry.n_cols as u32).to_be_bytes());
        header.extend((self.geometry.n_rows as u32).to_be_bytes());
        header.extend([8, 2, 0, 0, 0]);
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in [
            (b"IHDR", header),
            (b"IDAT", deflate.finish()?),
            (b"IEND", Vec::new()),
        ] {
            let mut crc = flate2::Crc::new();
            crc.update(kind);
            crc.update(&data);
            png.extend((data.len() as u32).to_be_bytes());
            png.extend(kind);
            png.extend(data);
            png.extend(crc.sum().to_be_bytes());
        }
        Ok(png)
    }
}

fn color_of_height(z: f64) -> [u8; 3] {
    let mix = |a: [f64; 3], b: [f64; 3], t: f64| {
        let t = t.clamp(0.0, 1.0);
        [0, 1, 2].map(|k| (a[k] + (b[k] - a[k]) * t) as u8)
    };
    if z.is_nan() {
        [30, 30, 30]
    } else if z < 0.3 {
        mix([95.0, 155.0, 225.0], [30.0, 80.0, 150.0], -z / 9.0)
    } else if z < 6.0 {
        mix([120.0, 175.0, 105.0], [225.0, 215.0, 200.0], z / 6.0)
    } else {
        mix([225.0, 215.0, 200.0], [60.0, 110.0, 60.0], (z - 6.0) / 80.0)
    }
}
