//! What point layers say of their features: codes, and the places of shelters.

use geo::Point;
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::vector::{Feature, repeated};

use crate::ProjectError;
use crate::vectors::FramedLayer;

/// A point's code: that of the file, or its position in it, from 1.
pub(crate) fn code<G>(feature: &Feature<G>) -> String {
    let own = feature.text("code").or_else(|| feature.id.clone());
    own.unwrap_or_else(|| (feature.index + 1).to_string())
}

/// Places of a shelter for people; `None` where the file does not tell them.
pub(crate) fn places<G>(
    attributes: &mut Attributes<'_>,
    feature: &Feature<G>,
) -> Result<Option<u64>, ProjectError> {
    let places = attributes.count_up_to(feature, &["places", "capacity"], 1e7)?;
    Ok(places.map(|n| n as u64))
}

/// What is unknown of the places of a layer of shelters.
pub(crate) fn places_unknown(
    layer: &FramedLayer<Point<f64>, [f64; 2]>,
    file: &str,
) -> Result<Vec<Finding>, ProjectError> {
    let mut attributes = Attributes::new(file, &["places"]);
    for (feature, _) in layer.iter() {
        places(&mut attributes, feature)?;
    }
    Ok(attributes.findings())
}

/// Two points of one code: a list takes one for the other.
pub(crate) fn same_codes(layer: &FramedLayer<Point<f64>, [f64; 2]>, file: &str) -> Option<Finding> {
    let codes = layer.iter().map(|(f, _)| (f.index, Some(code(f))));
    let found = repeated(codes)?;
    let text = message!(
        "finding.points.same_code",
        "{n} points have the code of one before them; features {a} and {b} both have '{code}'",
        n = found.count,
        a = found.features[0],
        b = found.features[1],
        code = &found.text
    );
    Some(Finding::new(Kind::Duplicate, file, text).times(found.count))
}
