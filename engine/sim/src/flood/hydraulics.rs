//! Discharge of weirs, gates and culverts from the water levels on their two sides: pure functions.

use stormgrid_core::units::GRAVITY;

/// Discharge coefficient of a broad-crested weir, (2/3)^(3/2) √g [m^½ s⁻¹]: critical depth on the crest.
pub const BROAD_CREST: f64 = 1.705;

/// Contraction of the jet under a sharp gate [-].
///
/// Source: Henderson (1966), Open Channel Flow, section 6.3: π/(π + 2).
pub const CONTRACTION: f64 = 0.611;

/// Cross-section of a culvert, the same all along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Section {
    /// A rectangle.
    Box {
        /// Inner width [m].
        width: f64,
        /// Inner height [m].
        height: f64,
    },
    /// A circle.
    Pipe {
        /// Inner diameter [m].
        diameter: f64,
    },
}

impl Section {
    /// Inner height [m].
    pub fn height(self) -> f64 {
        match self {
            Self::Box { height, .. } => height,
            Self::Pipe { diameter } => diameter,
        }
    }

    /// Area of flow [m²] and hydraulic radius [m] at a depth [m].
    ///
    /// The radius is at most that of the full section, so that a barrel does not carry less when the
    /// water reaches its soffit.
    pub fn wetted(self, depth: f64) -> (f64, f64) {
        let depth = depth.clamp(0.0, self.height());
        match self {
            Self::Box { width, height } => {
                let full = width * height / (2.0 * (width + height));
                let area = width * depth;
                (area, (area / (width + 2.0 * depth)).min(full))
            }
            Self::Pipe { diameter } => {
                let angle = 2.0 * (1.0 - 2.0 * depth / diameter).acos();
                let area = diameter * diameter / 8.0 * (angle - angle.sin());
                let edge = 0.5 * angle * diameter;
                let radius = if edge > 0.0 { area / edge } else { 0.0 };
                (area, radius.min(0.25 * diameter))
            }
        }
    }

    /// Discharge with inlet control [m³ s⁻¹], the lesser of a free and a drowned inlet.
    ///
    /// - `head`: level above the invert of the inlet [m]
    ///
    /// Source: Boyd (1987), Generalised Head-Discharge Equations for Culverts, 4th National Local
    /// Government Engineering Conference, Perth; eqs. 9a and 9b for boxes, those for pipes likewise.
    pub fn inlet_discharge(self, head: f64) -> f64 {
        if head <= 0.0 {
            return 0.0;
        }
        let (free, drowned) = match self {
            Self::Box { width, height } => (
                0.544 * width * head.powf(1.5),
                0.702 * width * height.powf(0.89) * head.powf(0.61),
            ),
            Self::Pipe { diameter } => (
                0.421 * diameter.powf(0.87) * head.powf(1.63),
                0.530 * diameter.powf(1.87) * head.powf(0.63),
            ),
        };
        GRAVITY.sqrt() * free.min(drowned)
    }
}

/// The barrel of a culvert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Barrel {
    /// Its cross-section.
    pub section: Section,
    /// Length [m], not negative.
    pub length: f64,
    /// Manning's n [s m⁻¹ᐟ³], not negative.
    pub manning: f64,
    /// Loss at the entrance as a share of the velocity head [-]; 0.5 for a square edge.
    ///
    /// Source: FHWA (2012), Hydraulic Design of Highway Culverts, HDS 5, table C.2.
    pub entrance_loss: f64,
}

impl Barrel {
    /// Discharge [m³ s⁻¹], not negative: the lesser of inlet and outlet control.
    ///
    /// Outlet control is the energy equation between the two pools, Q = A √(2 g H / (1 + kₑ +
    /// 2 g n² L / R^(4/3))), with the section filled as the two pools fill it on average. A free
    /// outfall stands at two thirds of the head at the inlet, at most at the soffit.
    ///
    /// - `upstream`, `downstream`: water levels [m], the former not below the latter
    /// - `inlet`, `outlet`: inverts [m]
    ///
    /// Source: FHWA (2012), Hydraulic Design of Highway Culverts, HDS 5, eqs. 3.5 and 3.6.
    pub fn discharge(&self, upstream: f64, downstream: f64, inlet: f64, outlet: f64) -> f64 {
        let head = upstream - inlet;
        if head <= 0.0 {
            return 0.0;
        }
        let height = self.section.height();
        let critical = (2.0 / 3.0 * head).min(height);
        let outfall = (downstream - outlet).max(critical);
        let drop = upstream - (outlet + outfall);
        if drop <= 0.0 {
            return 0.0;
        }
        let filled = 0.5 * (head.min(height) + outfall.min(height));
        let (area, radius) = self.section.wetted(filled);
        let friction = 2.0 * GRAVITY * self.manning * self.manning * self.length;
        let losses = 1.0 + self.entrance_loss + friction / radius.powf(4.0 / 3.0);
        let outlet_control = area * (2.0 * GRAVITY * drop / losses).sqrt();
        outlet_control.min(self.section.inlet_discharge(head))
    }
}

/// Share of the free discharge that a weir passes when its tailwater stands above the crest [-]:
/// (1 − (h₂/h₁)^(3/2))^0.385.
///
/// - `ratio`: h₂/h₁, tailwater over headwater, both above the crest
///
/// The power is made of square roots, which are the same to the last bit everywhere:
/// 0.385 = 3/8 + 1/128 + 1/512 + 1/4096.
///
/// Source: Villemonte (1947), Engineering News-Record 139, 866–869.
pub fn drowned_share(ratio: f64) -> f64 {
    if ratio <= 0.0 {
        return 1.0;
    }
    let rest = 1.0 - ratio * ratio.sqrt();
    if rest <= 0.0 {
        return 0.0;
    }
    let root = |x: f64, times: u32| (0..times).fold(x, |x, _| x.sqrt());
    let of_128 = root(rest, 7);
    let of_512 = root(of_128, 2);
    root(rest * rest * rest, 3) * of_128 * of_512 * root(of_512, 3)
}

/// Discharge over a weir, per width [m² s⁻¹].
///
/// - `upstream`, `downstream`: levels above the crest [m]
/// - `coefficient`: C in q = C h^(3/2) [m^½ s⁻¹]
pub fn weir_discharge(upstream: f64, downstream: f64, coefficient: f64) -> f64 {
    if upstream <= 0.0 {
        return 0.0;
    }
    coefficient * upstream * upstream.sqrt() * drowned_share(downstream / upstream)
}

/// Discharge under a gate, per width [m² s⁻¹]: that of the sill as a weir where the gate does not
/// touch the water, else Bernoulli's from the still pool to the contracted jet or the tailwater
/// above it.
///
/// - `upstream`, `downstream`: levels above the sill [m]
/// - `opening`: lower edge of the gate above the sill [m]
///
/// Source: Henderson (1966), Open Channel Flow, section 6.3.
pub fn gate_discharge(upstream: f64, downstream: f64, opening: f64) -> f64 {
    let weir = weir_discharge(upstream, downstream, BROAD_CREST);
    if opening >= upstream {
        return weir;
    }
    if opening <= 0.0 {
        return 0.0;
    }
    let jet = CONTRACTION * opening;
    let drop = (upstream - downstream.max(jet)).max(0.0);
    weir.min(jet * (2.0 * GRAVITY * drop).sqrt())
}

/// A quantity as a function of another: straight lines between points, held beyond them.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// A curve through points whose first numbers increase; `None` if they do not, if a number is
    /// not finite, or without points.
    pub fn new(points: Vec<(f64, f64)>) -> Option<Self> {
        let finite = points.iter().all(|(x, y)| x.is_finite() && y.is_finite());
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (finite && rising && !points.is_empty()).then_some(Self { points })
    }

    /// The points.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The second quantity where the first is `x`.
    pub fn at(&self, x: f64) -> f64 {
        Self::between(&self.points, x, |p| *p)
    }

    /// The first quantity where the second, which must increase as well, is `y`.
    pub fn inverse(&self, y: f64) -> f64 {
        Self::between(&self.points, y, |&(x, y)| (y, x))
    }

    /// Whether the second quantity increases from point to point.
    pub fn increases(&self) -> bool {
        self.points.windows(2).all(|pair| pair[0].1 < pair[1].1)
    }

    fn between(points: &[(f64, f64)], x: f64, pair: impl Fn(&(f64, f64)) -> (f64, f64)) -> f64 {
        let after = points.partition_point(|p| pair(p).0 <= x);
        let low = pair(&points[after.saturating_sub(1)]);
        let high = pair(&points[after.min(points.len() - 1)]);
        if high.0 <= low.0 {
            return low.1;
        }
        let share = (x - low.0) / (high.0 - low.0);
        low.1 * (1.0 - share) + high.1 * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_of_villemonte_is_made_of_roots() {
        for k in 1..1000 {
            let ratio = f64::from(k) / 1000.0;
            let exact = (1.0 - ratio.powf(1.5)).powf(0.385);
            assert!((drowned_share(ratio) / exact - 1.0).abs() < 1e-4);
        }
        assert_eq!(drowned_share(-1.0), 1.0);
        assert_eq!(drowned_share(1.0), 0.0);
    }

    #[test]
    fn the_broad_crest_is_critical_flow() {
        let critical = (2.0_f64 / 3.0).powf(1.5) * GRAVITY.sqrt();
        assert!((BROAD_CREST / critical - 1.0).abs() < 1e-3);
    }

    /// Drowned at both ends a barrel is the textbook's full pipe, 0.6 m wide, 20 m, n = 0.013.
    #[test]
    fn a_drowned_pipe_follows_the_energy_equation() {
        let pipe = Barrel {
            section: Section::Pipe { diameter: 0.6 },
            length: 20.0,
            manning: 0.013,
            entrance_loss: 0.5,
        };
        let (area, radius) = pipe.section.wetted(0.6);
        let circle = std::f64::consts::PI * 0.09;
        assert!((area - circle).abs() < 1e-12 && (radius - 0.15).abs() < 1e-12);
        let losses = 1.5 + 19.62 * 0.013 * 0.013 * 20.0 / 0.15_f64.powf(4.0 / 3.0);
        let expected = circle * (19.62 * 0.2 / losses).sqrt();
        let found = pipe.discharge(3.2, 3.0, 1.0, 0.9);
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
    }

    /// Short, steep and free: Boyd's box of 2 × 1 m under 0.8 m of head, 0.544 √g B H^1.5.
    #[test]
    fn a_steep_box_is_controlled_at_its_inlet() {
        let barrel = Barrel {
            section: Section::Box {
                width: 2.0,
                height: 1.0,
            },
            length: 10.0,
            manning: 0.013,
            entrance_loss: 0.5,
        };
        let expected = 0.544 * GRAVITY.sqrt() * 2.0 * 0.8_f64.powf(1.5);
        assert!((barrel.discharge(5.8, 4.0, 5.0, 4.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn culverts_flow_more_with_more_head_and_less_with_more_tailwater() {
        for section in [
            Section::Pipe { diameter: 1.0 },
            Section::Box {
                width: 1.5,
                height: 0.8,
            },
        ] {
            let barrel = Barrel {
                section,
                length: 30.0,
                manning: 0.015,
                entrance_loss: 0.5,
            };
            let q = |up: f64, down: f64| barrel.discharge(up, down, 0.0, -0.1);
            for k in 1..60 {
                let level = 0.05 * f64::from(k);
                assert!(q(level + 0.05, -1.0) >= q(level, -1.0));
                assert!(q(3.1, level) <= q(3.1, level - 0.05) + 1e-12);
            }
            assert_eq!(q(0.0, -1.0), 0.0);
            assert_eq!(q(2.0, 2.0), 0.0);
        }
    }

    #[test]
    fn a_raised_gate_is_a_weir_and_a_low_one_an_orifice() {
        assert_eq!(
            gate_discharge(0.5, 0.1, 2.0),
            weir_discharge(0.5, 0.1, BROAD_CREST)
        );
        let free = CONTRACTION * 0.2 * (2.0 * GRAVITY * (3.0 - CONTRACTION * 0.2)).sqrt();
        assert!((gate_discharge(3.0, 0.0, 0.2) - free).abs() < 1e-12);
        let drowned = CONTRACTION * 0.2 * (2.0 * GRAVITY * 1.0).sqrt();
        assert!((gate_discharge(3.0, 2.0, 0.2) - drowned).abs() < 1e-12);
        assert_eq!(gate_discharge(3.0, 2.0, 0.0), 0.0);
        // Where the gate begins to touch the water the two laws agree to 2 %.
        let (touching, clear) = (
            gate_discharge(1.0, 0.0, 0.999),
            gate_discharge(1.0, 0.0, 1.0),
        );
        assert!((touching / clear - 1.0).abs() < 0.02);
    }

    #[test]
    fn curves_are_linear_and_invertible() {
        let curve = Curve::new(vec![(0.0, 0.0), (1.0, 10.0), (3.0, 50.0)]).expect("rising");
        assert_eq!(curve.at(2.0), 30.0);
        assert_eq!(curve.at(9.0), 50.0);
        assert_eq!(curve.at(-9.0), 0.0);
        assert_eq!(curve.inverse(30.0), 2.0);
        assert!(curve.increases());
        assert!(Curve::new(vec![(1.0, 0.0), (1.0, 2.0)]).is_none());
        assert!(Curve::new(Vec::new()).is_none());
    }
}
