//! Numbers that a cell keeps in two bytes.
//!
//! A million cells are a small city; what each keeps besides depth and discharge is therefore cut to
//! the digits that somebody can use, by shifts that vector units have.

/// What rounding kept out of a depth, from its two bytes [m].
#[inline(always)]
pub(super) fn rest_of(kept: u16) -> f32 {
    f32::from_bits(u32::from(kept) << 16)
}

/// The two bytes of what rounding kept out of a depth.
///
/// Eight binary digits of a number that is itself below half a unit in the last place of the
/// depth. `dither`, below 2¹⁶ and another one in each step, makes what is cut off here average out.
#[inline(always)]
pub(super) fn keep_rest(rest: f32, dither: u32) -> u16 {
    (rest.to_bits().wrapping_add(dither) >> 16) as u16
}

/// The dither of a step: multiples of the golden ratio, which fill 0 to 2¹⁶ evenly.
pub(super) fn dither(step: u64) -> u32 {
    (step as u32).wrapping_mul(40_503) & 0xFFFF
}

/// Least square of a speed that is told from none, 2⁻²⁰ m² s⁻², as bits.
const LEAST_SQUARE: u32 = (127 - 20) << 23;

/// Bits for the square of a speed; the hazard class has the three above them.
const SPEED_BITS: u32 = 13;
const SPEED_MASK: u32 = (1 << SPEED_BITS) - 1;

/// The two bytes of the square of a speed [m² s⁻²], to 2 in 1000 of the speed, and of a hazard class;
/// as wide as the numbers beside it, which keeps vectors whole.
#[inline(always)]
pub(super) fn keep_worst(square: f32, class: u32) -> u32 {
    let bits = square.to_bits().wrapping_add(0x8000);
    let above = if bits > LEAST_SQUARE {
        bits
    } else {
        LEAST_SQUARE
    } - LEAST_SQUARE;
    (above >> 16) | (class << SPEED_BITS)
}

/// The greater speed and the greater class of two.
#[inline(always)]
pub(super) fn worse(a: u32, b: u32) -> u32 {
    let (speed_a, speed_b) = (a & SPEED_MASK, b & SPEED_MASK);
    let speed = if speed_a > speed_b { speed_a } else { speed_b };
    // Classes stand above the speeds: the greater number has the greater class.
    let class = if a > b { a } else { b } & !SPEED_MASK;
    speed | class
}

/// The speed of [`keep_worst`] [m s⁻¹].
pub(super) fn speed_of(kept: u16) -> f32 {
    match u32::from(kept) & SPEED_MASK {
        0 => 0.0,
        above => f32::from_bits((above << 16) + LEAST_SQUARE).sqrt(),
    }
}

/// The class of [`keep_worst`].
pub(super) fn class_of(kept: u16) -> u8 {
    (kept >> SPEED_BITS) as u8
}

/// How Manning's coefficients are kept: as multiples of a 65 535th of the greatest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roughness {
    greatest: f64,
}

impl Roughness {
    pub fn up_to(greatest: f64) -> Self {
        Self { greatest }
    }

    /// The two bytes of a coefficient.
    pub fn keep(self, n: f64) -> u16 {
        match self.greatest > 0.0 {
            true => (n / self.greatest * f64::from(u16::MAX)).round() as u16,
            false => 0,
        }
    }

    /// g n² of 1, to be multiplied by the square of what is kept.
    pub fn unit(self, gravity: f64) -> f32 {
        (gravity * (self.greatest / f64::from(u16::MAX)).powi(2)) as f32
    }
}

/// Time since the start of a run in ticks that become longer as it goes on: at most 2¹⁶ of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// Length of a tick [s], a power of two.
    pub tick: f64,
}

/// An arrival that has not happened.
pub(super) const NEVER: u16 = u16::MAX;

impl Clock {
    pub fn new() -> Self {
        Self { tick: 1.0 / 1024.0 }
    }

    /// Full ticks until a time [s] that the clock has room for.
    pub fn ticks(self, time: f64) -> u16 {
        (time / self.tick) as u16
    }

    /// Lengthens the tick until there is room for a time [s]; how many times it was doubled.
    pub fn make_room(&mut self, time: f64) -> u32 {
        let mut times = 0;
        while time / self.tick >= f64::from(NEVER) {
            self.tick *= 2.0;
            times += 1;
        }
        times
    }

    /// Time of a number of ticks [s].
    pub fn seconds(self, ticks: u16) -> f32 {
        (f64::from(ticks) * self.tick) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_the_rest_averages_out() {
        // A millionth of the least step that an f32 can take on 8 m of water.
        let (mut kept, steps) = (0_u16, 1_000_000_u64);
        let more = 3.7e-13_f32;
        let mut depth = 0.0_f64;
        for step in 0..steps {
            let rest = rest_of(kept) + more;
            if rest > 4e-7 {
                depth += 4e-7;
                kept = keep_rest(rest - 4e-7, dither(step));
            } else {
                kept = keep_rest(rest, dither(step));
            }
        }
        let total = depth + f64::from(rest_of(kept));
        let exact = steps as f64 * f64::from(more);
        assert!((total / exact - 1.0).abs() < 0.02, "{total:e} {exact:e}");
    }

    #[test]
    fn speeds_are_kept_to_two_in_a_thousand_beside_the_class() {
        let mut before = 0;
        let mut square = 2e-6_f32;
        while square < 1e4 {
            let kept = keep_worst(square, 0) as u16;
            assert!(kept >= before);
            let speed = speed_of(kept) / square.sqrt();
            assert!((speed - 1.0).abs() < 2e-3, "{speed}");
            assert_eq!(class_of(keep_worst(square, 6) as u16), 6);
            assert_eq!(speed_of(keep_worst(square, 6) as u16), speed_of(kept));
            before = kept;
            square *= 1.003;
        }
        assert_eq!(speed_of(keep_worst(0.0, 3) as u16), 0.0);
        let (swift, deep) = (keep_worst(9.0, 2), keep_worst(0.25, 5));
        for both in [worse(swift, deep), worse(deep, swift)] {
            let both = both as u16;
            assert_eq!((speed_of(both), class_of(both)), (3.0, 5));
        }
    }

    #[test]
    fn roughness_keeps_its_digits() {
        let kept = Roughness::up_to(0.15);
        for n in [0.005, 0.025, 0.03, 0.15] {
            let found = (f64::from(kept.unit(9.81)) / 9.81).sqrt() * f64::from(kept.keep(n));
            assert!((found / n - 1.0).abs() < 3e-4, "{found} {n}");
        }
        assert_eq!(Roughness::up_to(0.0).keep(0.0), 0);
        assert_eq!(Roughness::up_to(0.03).keep(0.03), u16::MAX);
    }

    #[test]
    fn the_clock_has_room_for_any_time() {
        let mut clock = Clock::new();
        assert_eq!(clock.make_room(60.0), 0);
        assert_eq!(clock.seconds(clock.ticks(10.5)), 10.5);
        let before = clock.ticks(63.0);
        let times = clock.make_room(3.0 * 86_400.0);
        assert_eq!(before >> times, clock.ticks(63.0));
        assert!(clock.tick <= 4.0, "{}", clock.tick);
        assert!(clock.ticks(3.0 * 86_400.0) < NEVER);
    }
}
