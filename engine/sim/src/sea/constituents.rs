//! The tidal constituents that TICON names: arguments and nodal corrections.

use super::astronomy::{Longitudes, NodeAngles};

/// Constituents whose nodal factor others are built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    M2,
    M3,
    O1,
    K1,
    K2,
    J1,
    Oo1,
    M1,
    L2,
    Mf,
    Mm,
}

/// One constituent.
#[derive(Debug)]
pub(super) struct Constituent {
    pub(super) name: &'static str,
    /// Multiples of τ, s, h, p, N' = -N, p_s.
    doodson: [i8; 6],
    /// Quarter turns added to the argument.
    pub(super) quarters: i8,
    /// Nodal factor as a product of powers: f = Π f_b^|n|, u = Σ n u_b. Shallow-water constituents
    /// take those of the waves they are made of (Schureman table 2a).
    nodal: &'static [(Base, i8)],
}

const fn wave(
    name: &'static str,
    doodson: [i8; 6],
    quarters: i8,
    nodal: &'static [(Base, i8)],
) -> Constituent {
    Constituent {
        name,
        doodson,
        quarters,
        nodal,
    }
}

use Base::{J1, K1, K2, L2, M1, M2, M3, Mf, Mm, O1, Oo1};

/// Arguments: Schureman (1958) tables 2 and 2a, written as Doodson's (1921) multiples.
///
/// Conventions that files differ in, as TICON-4 (the constants that ship) has them:
///
/// - SA has the argument h, without the solar perigee (with it, the yearly high water of Hong Kong would come
///   in August instead of late autumn); S1 has the hour angle of the mean sun.
/// - M1 has Schureman's nodal factor and angle (with Q), but the argument of the Doodson number 155.555 alone,
///   without the quarter turn of table 2. The constants say so themselves: read this way, M1 has the admittance
///   of O1 and K1 at all four gauges of this coast, 2 to 7 % more and within 17° (Munk & Cartwright 1966: the sea
///   answers neighbouring frequencies alike); with the quarter turn it would lag by 78° to 105° behind them.
/// - 3L2 is not listed: its nodal correction was not found in a source, and it is 2 mm or less.
pub(super) const CONSTITUENTS: [Constituent; 49] = [
    wave("M2", [2, 0, 0, 0, 0, 0], 0, &[(M2, 1)]),
    wave("N2", [2, -1, 0, 1, 0, 0], 0, &[(M2, 1)]),
    wave("S2", [2, 2, -2, 0, 0, 0], 0, &[]),
    wave("K2", [2, 2, 0, 0, 0, 0], 0, &[(K2, 1)]),
    wave("2N2", [2, -2, 0, 2, 0, 0], 0, &[(M2, 1)]),
    wave("S1", [1, 1, -1, 0, 0, 0], 2, &[]),
    wave("K1", [1, 1, 0, 0, 0, 0], 1, &[(K1, 1)]),
    wave("P1", [1, 1, -2, 0, 0, 0], -1, &[]),
    wave("O1", [1, -1, 0, 0, 0, 0], -1, &[(O1, 1)]),
    wave("Q1", [1, -2, 0, 1, 0, 0], -1, &[(O1, 1)]),
    wave("M1", [1, 0, 0, 0, 0, 0], 0, &[(M1, 1)]),
    wave("M4", [4, 0, 0, 0, 0, 0], 0, &[(M2, 2)]),
    wave("MM", [0, 1, 0, -1, 0, 0], 0, &[(Mm, 1)]),
    wave("MF", [0, 2, 0, 0, 0, 0], 0, &[(Mf, 1)]),
    wave("SA", [0, 0, 1, 0, 0, 0], 0, &[]),
    wave("SSA", [0, 0, 2, 0, 0, 0], 0, &[]),
    wave("T2", [2, 2, -3, 0, 0, 1], 0, &[]),
    wave("J1", [1, 2, 0, -1, 0, 0], 1, &[(J1, 1)]),
    wave("L2", [2, 1, 0, -1, 0, 0], 2, &[(L2, 1)]),
    wave("R2", [2, 2, -1, 0, 0, -1], 2, &[]),
    wave("2Q1", [1, -3, 0, 2, 0, 0], -1, &[(O1, 1)]),
    wave("MSF", [0, 2, -2, 0, 0, 0], 0, &[(M2, -1)]),
    wave("MSQM", [0, 4, -2, 0, 0, 0], 0, &[(Mf, 1)]),
    wave("EP2", [2, -3, 2, 1, 0, 0], 0, &[(M2, 1)]),
    wave("M3", [3, 0, 0, 0, 0, 0], 0, &[(M3, 1)]),
    wave("MU2", [2, -2, 2, 0, 0, 0], 0, &[(M2, 1)]),
    wave("MTM", [0, 3, 0, -1, 0, 0], 0, &[(Mf, 1)]),
    wave("NU2", [2, -1, 2, -1, 0, 0], 0, &[(M2, 1)]),
    wave("LAMBDA2", [2, 1, -2, 1, 0, 0], 2, &[(M2, 1)]),
    wave("MN4", [4, -1, 0, 1, 0, 0], 0, &[(M2, 2)]),
    wave("MS4", [4, 2, -2, 0, 0, 0], 0, &[(M2, 1)]),
    wave("MKS2", [2, 0, 2, 0, 0, 0], 0, &[(M2, 1), (K2, 1)]),
    wave("N4", [4, -2, 0, 2, 0, 0], 0, &[(M2, 2)]),
    wave("M6", [6, 0, 0, 0, 0, 0], 0, &[(M2, 3)]),
    wave("M8", [8, 0, 0, 0, 0, 0], 0, &[(M2, 4)]),
    wave("S4", [4, 4, -4, 0, 0, 0], 0, &[]),
    wave("OO1", [1, 3, 0, 0, 0, 0], 1, &[(Oo1, 1)]),
    wave("S3", [3, 3, -3, 0, 0, 0], 0, &[]),
    wave("MA2", [2, 0, -1, 0, 0, 0], 0, &[(M2, 1)]),
    wave("MB2", [2, 0, 1, 0, 0, 0], 0, &[(M2, 1)]),
    wave("T3", [3, 3, -4, 0, 0, 0], 2, &[]),
    wave("R3", [3, 3, -2, 0, 0, 0], 2, &[]),
    wave("RHO1", [1, -2, 2, -1, 0, 0], -1, &[(O1, 1)]),
    wave("SGM", [1, -3, 2, 0, 0, 0], -1, &[(O1, 1)]),
    wave("3N2", [2, -3, 0, 3, 0, 0], 0, &[(M2, 1)]),
    wave("2SM2", [2, 4, -4, 0, 0, 0], 0, &[(M2, -1)]),
    wave("2MS6", [6, 2, -2, 0, 0, 0], 0, &[(M2, 2)]),
    wave("2MK5", [5, 1, 0, 0, 0, 0], 1, &[(M2, 2), (K1, 1)]),
    wave("2MO5", [5, -1, 0, 0, 0, 0], -1, &[(M2, 2), (O1, 1)]),
];

impl Constituent {
    /// The constituent of a name, in any case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CONSTITUENTS
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(name))
    }

    /// Equilibrium argument V at Greenwich [rad].
    pub(super) fn argument(&self, at: &Longitudes) -> f64 {
        let elements = [at.tau, at.s, at.h, at.p, -at.n, at.ps];
        let degrees: f64 = self
            .doodson
            .iter()
            .zip(elements)
            .map(|(&k, angle)| f64::from(k) * angle)
            .sum();
        (degrees + 90.0 * f64::from(self.quarters))
            .rem_euclid(360.0)
            .to_radians()
    }

    /// Nodal factor f [-] and angle u [rad].
    pub(super) fn nodal(&self, angles: &NodeAngles) -> (f64, f64) {
        self.nodal
            .iter()
            .fold((1.0, 0.0), |(f, u), &(base, power)| {
                let (base_f, base_u) = base.correction(angles);
                (
                    f * base_f.powi(i32::from(power.abs())),
                    u + f64::from(power) * base_u,
                )
            })
    }
}

impl Base {
    /// Nodal factor f [-] and angle u [rad].
    ///
    /// Source: Schureman (1958), eqs 73–79, 149, 206–207, 214–215, 227, 235 and table 2.
    fn correction(self, a: &NodeAngles) -> (f64, f64) {
        let i = a.obliquity;
        let (sin_i, cos_half) = (i.sin(), (0.5 * i).cos());
        let m2_f = cos_half.powi(4) / 0.9154;
        let m2_u = 2.0 * a.xi - 2.0 * a.nu;
        let o1_f = sin_i * cos_half.powi(2) / 0.3800;
        match self {
            M2 => (m2_f, m2_u),
            M3 => (cos_half.powi(6) / 0.8758, 1.5 * m2_u),
            O1 => (o1_f, 2.0 * a.xi - a.nu),
            K1 => {
                let sin_2i = (2.0 * i).sin();
                let f2 = 0.8965 * sin_2i * sin_2i + 0.6001 * sin_2i * a.nu.cos() + 0.1006;
                (f2.sqrt(), -a.nu_prime)
            }
            K2 => {
                let f2 =
                    19.0444 * sin_i.powi(4) + 2.7702 * sin_i.powi(2) * (2.0 * a.nu).cos() + 0.0981;
                (f2.sqrt(), -a.two_nu_second)
            }
            J1 => ((2.0 * i).sin() / 0.7214, -a.nu),
            Oo1 => (
                sin_i * (0.5 * i).sin().powi(2) / 0.016_40,
                -2.0 * a.xi - a.nu,
            ),
            M1 => {
                // Q lies in the quadrant of P: tan Q = 0.483 tan P.
                let q = (0.483 * a.perigee.sin()).atan2(a.perigee.cos());
                let inverse_qa = (2.310 + 1.435 * (2.0 * a.perigee).cos()).sqrt();
                (o1_f * inverse_qa, a.xi - a.nu + q)
            }
            L2 => {
                let tan2 = (0.5 * i).tan().powi(2);
                let two_p = 2.0 * a.perigee;
                let inverse_ra = (1.0 - 12.0 * tan2 * two_p.cos() + 36.0 * tan2 * tan2).sqrt();
                let r = two_p.sin().atan2(1.0 / (6.0 * tan2) - two_p.cos());
                (m2_f * inverse_ra, m2_u - r)
            }
            Mf => (sin_i.powi(2) / 0.1578, -2.0 * a.xi),
            Mm => ((2.0 / 3.0 - sin_i.powi(2)) / 0.5021, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use stormgrid_core::time::Instant;

    use super::*;

    /// Speed from two arguments an hour apart [° h⁻¹].
    fn speed(name: &str) -> f64 {
        let c = Constituent::named(name).expect("listed");
        let start = Instant::parse("2010-06-01T00:00:00Z").expect("valid");
        let at = |hours: f64| c.argument(&Longitudes::at(start.plus_seconds(hours * 3600.0)));
        // Over 20 h an argument drifts by less than half a turn from its multiple of 15° an hour.
        let nominal = 15.0 * f64::from(c.doodson[0]);
        let drift = (at(20.0) - at(0.0)).to_degrees() - 20.0 * nominal;
        nominal + ((drift + 180.0).rem_euclid(360.0) - 180.0) / 20.0
    }

    #[test]
    fn speeds_are_the_published_ones() {
        // Schureman (1958) table 2, printed to 7 decimals; ours include the epoch's secular change.
        for (name, degrees_per_hour) in [
            ("M2", 28.984_104_2),
            ("S2", 30.0),
            ("N2", 28.439_729_5),
            ("K1", 15.041_068_6),
            ("O1", 13.943_035_6),
            ("K2", 30.082_137_3),
            ("P1", 14.958_931_4),
            ("Q1", 13.398_660_9),
            ("MF", 1.098_033_1),
            ("MM", 0.544_374_7),
            ("SSA", 0.082_137_3),
            ("J1", 15.585_443_3),
            ("L2", 29.528_478_9),
            ("MU2", 27.968_208_4),
            ("NU2", 28.512_583_1),
            ("LAMBDA2", 29.455_625_3),
            ("2N2", 27.895_354_8),
            ("M4", 57.968_208_4),
            ("MS4", 58.984_104_2),
            ("MN4", 57.423_833_7),
            ("M6", 86.952_312_7),
            ("2SM2", 31.015_895_8),
            ("RHO1", 13.471_514_5),
            ("OO1", 16.139_101_7),
            ("2Q1", 12.854_286_2),
            ("MSF", 1.015_895_8),
            ("T2", 29.958_933_3),
            ("R2", 30.041_066_7),
        ] {
            let found = speed(name);
            assert!((found - degrees_per_hour).abs() < 2e-6, "{name}: {found}");
        }
    }

    #[test]
    fn nodal_factors_swing_as_the_tables_say() {
        // Schureman (1958) table 14: greatest and least f over the node's 18.6 years.
        let start = Instant::parse("1990-01-01T00:00:00Z").expect("valid");
        for (name, least, most) in [
            ("M2", 0.963, 1.038),
            ("O1", 0.806, 1.183),
            ("K1", 0.882, 1.113),
            ("K2", 0.748, 1.317),
            ("MF", 0.625, 1.453),
            ("MM", 0.873, 1.131),
            ("J1", 0.827, 1.166),
            ("OO1", 0.486, 1.777),
        ] {
            let c = Constituent::named(name).expect("listed");
            let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
            for day in 0..7000 {
                let at = Longitudes::at(start.plus_seconds(f64::from(day) * 86_400.0));
                let (f, _) = c.nodal(&NodeAngles::at(&at));
                low = low.min(f);
                high = high.max(f);
            }
            assert!((low - least).abs() < 0.012, "{name} least {low}");
            assert!((high - most).abs() < 0.012, "{name} most {high}");
        }
    }
}
