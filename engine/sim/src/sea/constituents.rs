//! The tidal constituents that TICON names: arguments and nodal corrections.

use std::borrow::Cow;

use super::astronomy::{Longitudes, NodeAngles};
use super::compounds::compound;

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
    Kj2,
}

/// One constituent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constituent {
    pub(super) name: Cow<'static, str>,
    /// Multiples of τ, s, h, p, N' = -N, p_s.
    doodson: [i8; 6],
    /// Quarter turns added to the argument.
    pub(super) quarters: i8,
    /// Nodal factor as a product of powers: f = Π f_b^|n|, u = Σ n u_b. Shallow-water constituents
    /// take those of the waves they are made of (Schureman table 2a).
    nodal: Cow<'static, [(Base, i8)]>,
}

const fn wave(
    name: &'static str,
    doodson: [i8; 6],
    quarters: i8,
    nodal: &'static [(Base, i8)],
) -> Constituent {
    Constituent {
        name: Cow::Borrowed(name),
        doodson,
        quarters,
        nodal: Cow::Borrowed(nodal),
    }
}

use Base::{J1, K1, K2, Kj2, L2, M1, M2, M3, Mf, Mm, O1, Oo1};

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
/// - M3 has the argument of the Doodson number 355.555 alone; Schureman and the IHO's list add half a turn.
/// - 3L2 is the third-degree wave of the Doodson number 265.555 and has no nodal correction, as in the IHO's list
///   (`TWCWG_Constituent_list`); 2 mm or less here.
///
/// Those beyond Schureman's tables: arguments as in the IHO's list and in pyTMD 3.0.9 (`doodson.json`), which agree;
/// nodal corrections as in that list, η2 by Schureman's eq. 79. The lunar waves γ2, δ2, ξ2 and the annual
/// satellites have none. What is made of other waves is in [`super::compounds`].
pub(super) const CONSTITUENTS: [Constituent; 81] = [
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
    wave("3L2", [2, 1, 0, 0, 0, 0], 0, &[]),
    wave("STA", [0, 0, 3, 0, 0, -1], 0, &[]),
    wave("MSM", [0, 1, -2, 1, 0, 0], 0, &[(Mm, 1)]),
    wave("MSTM", [0, 3, -2, 1, 0, 0], 0, &[(Mf, 1)]),
    wave("MQM", [0, 4, 0, -2, 0, 0], 0, &[(Mf, 1)]),
    wave("SN", [0, 3, -2, -1, 0, 0], 0, &[(M2, -1)]),
    wave("ALPHA1", [1, -4, 2, 1, 0, 0], -1, &[(O1, 1)]),
    wave("TAU1", [1, -1, 2, 0, 0, 0], 1, &[(K1, 1)]),
    wave("BETA1", [1, 0, -2, 1, 0, 0], 1, &[(O1, 1)]),
    wave("NO1", [1, 0, 0, 1, 0, 0], 1, &[(M2, 1), (O1, -1)]),
    wave("M1B", [1, 0, 0, -1, 0, 0], 1, &[(O1, 1)]),
    wave("CHI1", [1, 0, 2, -1, 0, 0], 1, &[(J1, 1)]),
    wave("PI1", [1, 1, -3, 0, 0, 1], -1, &[]),
    wave("PSI1", [1, 1, 1, 0, 0, -1], 1, &[]),
    wave("PHI1", [1, 1, 2, 0, 0, 0], 1, &[]),
    wave("THETA1", [1, 2, -2, 1, 0, 0], 1, &[(J1, 1)]),
    wave("UPS1", [1, 4, 0, -1, 0, 0], 1, &[(Oo1, 1)]),
    wave("GAMMA2", [2, 0, -2, 2, 0, 0], 2, &[]),
    wave("ALPHA2", [2, 0, -1, 0, 0, 1], 2, &[]),
    wave("BETA2", [2, 0, 1, 0, 0, -1], 0, &[]),
    wave("DELTA2", [2, 0, 2, 0, 0, 0], 0, &[]),
    wave("NA2", [2, -1, -1, 1, 0, 0], 0, &[]),
    wave("NB2", [2, -1, 1, 1, 0, -1], 0, &[]),
    wave("L2B", [2, 1, 0, 1, 0, 0], 0, &[(M2, -1), (M2, 1), (K2, 1)]),
    wave("XI2", [2, 3, -2, 1, 0, 0], 0, &[]),
    wave("ETA2", [2, 3, 0, -1, 0, 0], 0, &[(Kj2, 1)]),
    wave("MA4", [4, 0, -1, 0, 0, 0], 0, &[(M2, 2)]),
    wave("MB4", [4, 0, 1, 0, 0, 0], 0, &[(M2, 2)]),
    wave("MA6", [6, 0, -1, 0, 0, 0], 0, &[(M2, 3)]),
    wave("MB6", [6, 0, 1, 0, 0, 0], 0, &[(M2, 3)]),
    wave("MA8", [8, 0, -1, 0, 0, 0], 0, &[(M2, 4)]),
    wave("MB8", [8, 0, 1, 0, 0, 0], 0, &[(M2, 4)]),
];

/// Other names of the same waves: NOAA's, the IHO's, those of UTide, t_tide and FES, and spelt-out Greek letters.
const ALIASES: [(&str, &str); 55] = [
    ("LAM2", "LAMBDA2"),
    ("LDA2", "LAMBDA2"),
    ("LA2", "LAMBDA2"),
    ("LMB2", "LAMBDA2"),
    ("LAMDA2", "LAMBDA2"),
    ("LABDA2", "LAMBDA2"),
    ("LAMBDA", "LAMBDA2"),
    ("RHO", "RHO1"),
    ("RO1", "RHO1"),
    ("SIG1", "SGM"),
    ("SIGMA1", "SGM"),
    ("SIGMA", "SGM"),
    ("SGM1", "SGM"),
    ("EPS2", "EP2"),
    ("EPSILON2", "EP2"),
    ("EPSI2", "EP2"),
    ("MIU2", "MU2"),
    ("MU", "MU2"),
    ("NIU2", "NU2"),
    ("NU", "NU2"),
    ("MTF", "MTM"),
    ("MFM", "MTM"),
    ("SM", "MSF"),
    ("MSO", "MSF"),
    ("M(SK)2", "ALPHA2"),
    ("M(KS)2", "BETA2"),
    ("MST", "MSTM"),
    ("MNUM", "MSM"),
    ("ALP1", "ALPHA1"),
    ("ALF1", "ALPHA1"),
    ("BET1", "BETA1"),
    ("TA1", "TAU1"),
    ("KHI1", "CHI1"),
    ("PSI", "PSI1"),
    ("FI1", "PHI1"),
    ("THE1", "THETA1"),
    ("TET1", "THETA1"),
    ("TTA1", "THETA1"),
    ("UPSILON1", "UPS1"),
    ("GAM2", "GAMMA2"),
    ("GAMA2", "GAMMA2"),
    ("ALP2", "ALPHA2"),
    ("ALF2", "ALPHA2"),
    ("H1", "ALPHA2"),
    ("BET2", "BETA2"),
    ("H2", "BETA2"),
    ("DEL2", "DELTA2"),
    ("DLT2", "DELTA2"),
    ("KSI2", "XI2"),
    ("L2A", "L2"),
    ("M1A", "NO1"),
    ("M1C", "M1"),
    ("SIGO1", "SGM"),
    ("RHOO1", "RHO1"),
    ("2N4", "N4"),
];

/// Greek letters and subscripts, as the names write them in Latin ones.
const GREEK: [(&str, &str); 35] = [
    ("α", "ALPHA"),
    ("β", "BETA"),
    ("γ", "GAMMA"),
    ("δ", "DELTA"),
    ("ε", "EPS"),
    ("ζ", "ZETA"),
    ("η", "ETA"),
    ("θ", "THETA"),
    ("λ", "LAMBDA"),
    ("μ", "MU"),
    ("µ", "MU"),
    ("ν", "NU"),
    ("ξ", "XI"),
    ("π", "PI"),
    ("ρ", "RHO"),
    ("σ", "SIGMA"),
    ("τ", "TAU"),
    ("υ", "UPS"),
    ("φ", "PHI"),
    ("χ", "CHI"),
    ("ψ", "PSI"),
    ("₀", "0"),
    ("₁", "1"),
    ("₂", "2"),
    ("₃", "3"),
    ("₄", "4"),
    ("₅", "5"),
    ("₆", "6"),
    ("₇", "7"),
    ("₈", "8"),
    ("₉", "9"),
    (" ", ""),
    ("_", ""),
    ("{", ""),
    ("}", ""),
];

/// A name in capitals and Latin letters; `M(2)` and `M_2` are M2.
fn plain_name(name: &str) -> String {
    let mut plain = name.trim().to_lowercase();
    for (from, to) in GREEK {
        plain = plain.replace(from, to);
    }
    let plain = plain.to_uppercase();
    match plain.strip_suffix(')').and_then(|p| p.rsplit_once('(')) {
        Some((head, number)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{head}{number}")
        }
        _ => plain,
    }
}

impl Constituent {
    /// The constituent of a name, in any case, by any of its names; one that is made of others by their rule.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = plain_name(name);
        let alias = ALIASES.iter().find(|(alias, _)| *alias == plain);
        let listed = alias.map_or(plain.as_str(), |(_, name)| name);
        let found = CONSTITUENTS.iter().find(|c| c.name == listed).cloned();
        found.or_else(|| compound(&plain))
    }

    /// A wave made of others: Σ n V of arguments, Π f^|n| and Σ n u of nodal corrections (Schureman 1958, table 2a).
    pub(super) fn of_parts(name: &str, parts: &[(Self, i8)]) -> Option<Self> {
        let mut made = Self {
            name: Cow::Owned(name.to_owned()),
            doodson: [0; 6],
            quarters: 0,
            nodal: Cow::Owned(Vec::new()),
        };
        for (part, n) in parts {
            for (sum, k) in made.doodson.iter_mut().zip(part.doodson) {
                *sum = sum.checked_add(k.checked_mul(*n)?)?;
            }
            made.quarters = made.quarters.checked_add(part.quarters.checked_mul(*n)?)?;
            for (base, power) in part.nodal.iter() {
                made.nodal.to_mut().push((*base, power.checked_mul(*n)?));
            }
        }
        Some(made)
    }

    /// Cycles a lunar day: 2 for semidiurnal waves.
    pub(super) fn species(&self) -> i8 {
        self.doodson[0]
    }

    /// Whether two names stand for one wave.
    pub(super) fn is_wave_of(&self, other: &Self) -> bool {
        self.doodson == other.doodson && (self.quarters - other.quarters) % 4 == 0
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
            Kj2 => (sin_i.powi(2) / 0.1565, -2.0 * a.nu),
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
    fn names_of_other_lists_have_the_speeds_printed_there() {
        // IHO, Standard list of tidal constituents (TWCWG), 7 decimals, as in tide-predictor 0.11.0 (npm).
        for (name, degrees_per_hour) in [
            ("LAM2", 29.455_625_3),
            ("RHO", 13.471_514_5),
            ("MK3", 44.025_172_9),
            ("2MK3", 42.927_139_8),
            ("SK3", 45.041_068_6),
            ("MO3", 42.927_139_8),
            ("MNS2", 27.423_833_8),
            ("M3", 43.476_156_4),
            ("M4", 57.968_208_5),
            ("S4", 60.0),
            ("S6", 90.0),
            ("MK4", 59.066_241_5),
            ("SK4", 60.082_137_3),
            ("M10", 144.920_521_2),
            ("2MK6", 88.050_345_8),
            ("MSN6", 87.423_833_8),
            ("2MN6", 86.407_938),
            ("MSK6", 89.066_241_5),
            ("2SM6", 88.984_104_2),
            ("SO3", 43.943_035_6),
            ("SO1", 16.056_964_4),
            ("NO1", 14.496_693_9),
            ("NO3", 42.382_765_1),
            ("NK3", 43.480_798_2),
            ("MP1", 14.025_172_9),
            ("OP2", 28.901_967),
            ("MSN2", 30.544_374_7),
            ("SNK2", 28.357_592_3),
            ("2SK2", 29.917_862_7),
            ("2MS2K2", 27.803_933_9),
            ("2(MS)8", 117.968_208_5),
            ("2(MN)8", 114.847_667_6),
            ("3MK7", 101.993_381_4),
            ("2MSN4", 59.528_479_4),
            ("SN4", 58.439_729_5),
            ("SL4", 59.528_479),
            ("2MNS4", 56.407_938),
            ("3MS8", 116.952_312_7),
            ("4MK7", 100.895_348_3),
            ("2SMN8", 117.423_834),
            ("3MSN10", 145.392_042_3),
            ("5M2S6", 84.920_521_2),
            ("2KM(SN)2", 30.708_649_3),
            ("3L2", 29.533_120_8),
            ("chi1", 14.569_547_6),
            ("pi1", 14.917_864_7),
            ("psi1", 15.082_135_3),
            ("phi1", 15.123_206),
            ("theta1", 15.512_589_7),
            ("ups1", 16.683_476_4),
            ("tau1", 14.025_172_9),
            ("eta2", 30.626_512),
            ("MSm", 0.471_521_1),
            ("Sta", 0.123_203_9),
            ("MStm", 1.569_554_1),
            ("Mqm", 2.186_782_9),
            ("sigma1", 12.927_139_8),
            ("2PO1", 15.974_827_1),
            ("KQ1", 16.683_476_4),
        ] {
            let found = speed(name);
            assert!((found - degrees_per_hour).abs() < 3e-6, "{name}: {found}");
        }
    }

    #[test]
    fn compounds_take_the_nodal_corrections_of_their_parts() {
        // pyTMD 3.0.9: constituents.arguments(57988.125, [name], corrections='FES') gives u [rad], f.
        let at = Longitudes::at(Instant::parse("2017-08-23T03:00:00Z").expect("valid"));
        let angles = NodeAngles::at(&at);
        for (name, factor, degrees) in [
            ("mk3", 0.938_6, -7.21),
            ("2mk3", 0.967_3, 3.45),
            ("mo3", 0.880_2, 6.61),
            ("mns2", 1.062_0, -2.50),
            ("sk3", 0.910_8, -5.95),
            ("mk4", 0.817_6, -12.31),
            ("3mk7", 0.996_8, -9.71),
            ("2ms6", 1.062_0, -2.50),
            ("msn2", 1.062_0, 0.00),
            ("so1", 0.854_1, -7.86),
            ("no1", 0.880_2, -9.11),
            ("chi1", 0.873_2, -9.11),
            ("theta1", 0.873_2, -9.11),
            ("ups1", 0.585_7, -26.09),
            ("eta2", 0.713_6, -18.22),
            ("2mk6", 0.842_6, -13.56),
            ("2(ms)8", 1.062_0, -2.50),
            ("oq2", 0.729_6, 15.72),
            ("nk3", 0.938_6, -7.21),
        ] {
            let (f, u) = Constituent::named(name).expect("known").nodal(&angles);
            assert!((f - factor).abs() < 2e-3, "{name}: f {f}");
            assert!(
                (u.to_degrees() - degrees).abs() < 0.1,
                "{name}: u {}",
                u.to_degrees()
            );
        }
    }

    #[test]
    fn a_wave_is_one_under_all_its_names() {
        for (one, other) in [
            ("LAM2", "LAMBDA2"),
            ("\u{3bb}2", "LDA2"),
            ("RHO", "rho1"),
            ("M(2)", "m2"),
            ("M_2", "M\u{2082}"),
            ("MSf", "MSF"),
            ("2(MS)8", "2MS8"),
            ("\u{3bc}2", "MU2"),
            ("SIGMA1", "SGM"),
        ] {
            let (a, b) = (Constituent::named(one), Constituent::named(other));
            let (a, b) = (a.expect(one), b.expect(other));
            assert!(a.is_wave_of(&b), "{one} {other}");
        }
        for name in [
            "",
            "2",
            "XYZ",
            "M",
            "M2-",
            "O1-",
            "MS",
            "Z0",
            "MM9",
            "99M2",
            "(MS)",
            "M(S4",
            "MSNKOPQLJ2",
            "\u{5929}2",
        ] {
            assert_eq!(Constituent::named(name), None, "{name}");
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
