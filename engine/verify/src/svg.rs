//! A plot of a case as SVG: axes, curves, a legend. Text for a file; the caller writes it.

use std::fmt::Write as _;

use stormgrid_sim::flood::Scheme;

use crate::Report;
use crate::record::{Curve, Pen, number};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 46.0;

/// The plot of a report; `None` where there is nothing to draw.
pub fn plot(report: &Report) -> Option<String> {
    let [x_label, y_label] = report.axes?;
    let view = View::around(&report.curves)?;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    text(
        &mut svg,
        LEFT,
        20.0,
        "start",
        &format!("<tspan font-size=\"14\">{}</tspan>", escape(report.title)),
    );
    view.axes(&mut svg, x_label, y_label);
    // The bed below everything, the exact law above the schemes.
    let layer = |pen: Pen| match pen {
        Pen::Bed => 0,
        Pen::Scheme(_) => 1,
        Pen::Measured | Pen::Exact => 2,
    };
    let mut curves: Vec<&Curve> = report.curves.iter().collect();
    curves.sort_by_key(|curve| layer(curve.pen));
    let mut at = LEFT;
    for curve in curves {
        view.curve(&mut svg, curve);
        at = legend(&mut svg, curve, at);
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// The part of the plane that is drawn.
struct View {
    x: [f64; 2],
    y: [f64; 2],
}

impl View {
    fn around(curves: &[Curve]) -> Option<Self> {
        let all = || curves.iter().flat_map(|curve| &curve.points);
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let finite = values.filter(|v| v.is_finite());
            let ends = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| {
                [if v < a { v } else { a }, if v > b { v } else { b }]
            });
            (ends[0] < ends[1]).then_some(ends)
        };
        let x = range(&mut all().map(|p| p.0))?;
        let [low, high] = range(&mut all().map(|p| p.1))?;
        let air = 0.05 * (high - low);
        Some(Self {
            x,
            y: [low - air, high + air],
        })
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = |v: f64, [a, b]: [f64; 2]| (v - a) / (b - a);
        let across = LEFT + share(x, self.x) * (WIDTH - LEFT - RIGHT);
        (
            across,
            HEIGHT - BOTTOM - share(y, self.y) * (HEIGHT - TOP - BOTTOM),
        )
    }

    fn axes(&self, svg: &mut String, x_label: &str, y_label: &str) {
        for x in ticks(self.x) {
            let (at, _) = self.place((x, self.y[0]));
            line(svg, [at, TOP, at, HEIGHT - BOTTOM], "#eee");
            text(svg, at, HEIGHT - BOTTOM + 16.0, "middle", &number(x));
        }
        for y in ticks(self.y) {
            let (_, at) = self.place((self.x[0], y));
            line(svg, [LEFT, at, WIDTH - RIGHT, at], "#eee");
            text(svg, LEFT - 6.0, at + 4.0, "end", &number(y));
        }
        line(svg, [LEFT, TOP, LEFT, HEIGHT - BOTTOM], "#333");
        line(
            svg,
            [LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM],
            "#333",
        );
        let middle = 0.5 * (LEFT + WIDTH - RIGHT);
        text(svg, middle, HEIGHT - 10.0, "middle", &escape(x_label));
        let _ = writeln!(
            svg,
            "<text transform=\"translate(16 {:.0}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            0.5 * (TOP + HEIGHT - BOTTOM),
            escape(y_label)
        );
    }

    fn curve(&self, svg: &mut String, curve: &Curve) {
        if curve.pen == Pen::Measured {
            for &point in curve.points.iter().filter(|p| p.1.is_finite()) {
                let (x, y) = self.place(point);
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" fill=\"{}\"/>",
                    color(curve.pen)
                );
            }
            return;
        }
        let mut path = String::new();
        let mut pen = 'M';
        for &point in &curve.points {
            if point.1.is_finite() {
                let (x, y) = self.place(point);
                let _ = write!(path, "{pen}{x:.1} {y:.1}");
                pen = 'L';
            } else {
                pen = 'M';
            }
        }
        let dashes = match curve.pen {
            Pen::Exact => " stroke-dasharray=\"5 3\"",
            _ => "",
        };
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\"{dashes}/>",
            color(curve.pen)
        );
    }
}

/// Draws an entry and tells where the next one begins.
fn legend(svg: &mut String, curve: &Curve, at: f64) -> f64 {
    let y = 42.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{at:.0}\" y=\"{:.0}\" width=\"16\" height=\"3\" fill=\"{}\"/>",
        y - 5.0,
        color(curve.pen)
    );
    text(svg, at + 21.0, y, "start", &escape(&curve.label));
    at + 40.0 + 6.6 * curve.label.chars().count() as f64
}

fn color(pen: Pen) -> &'static str {
    match pen {
        Pen::Exact => "#111",
        Pen::Measured => "#777",
        Pen::Scheme(Scheme::FiniteVolume) => "#1769aa",
        Pen::Scheme(Scheme::SecondOrder) => "#2a9d5c",
        Pen::Scheme(Scheme::LocalInertial) => "#d9730d",
        Pen::Bed => "#9b8267",
    }
}

/// About six round numbers within a range.
fn ticks([low, high]: [f64; 2]) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * power);
    let step = step.into_iter().find(|&s| s >= rough).unwrap_or(power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}

fn line(svg: &mut String, [x1, y1, x2, y2]: [f64; 4], stroke: &str) {
    let _ = writeln!(
        svg,
        "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"{stroke}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, content: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{content}</text>"
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks([0.0, 6.0]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(ticks([-0.5, 24.9]), [0.0, 5.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn a_gap_in_a_curve_is_a_gap_in_its_path() {
        let report = Report {
            case: "case",
            title: "a < b",
            source: "",
            axes: Some(["x", "y"]),
            skipped: None,
            rows: Vec::new(),
            curves: vec![Curve {
                label: "bed".to_owned(),
                pen: Pen::Bed,
                points: vec![(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0)],
            }],
        };
        let svg = plot(&report).expect("a curve to draw");
        assert!(svg.contains("a &lt; b") && !svg.contains("NaN"));
        let path = svg
            .lines()
            .find(|line| line.contains("#9b8267"))
            .expect("a path");
        assert_eq!(path.matches('M').count(), 2);
    }
}
