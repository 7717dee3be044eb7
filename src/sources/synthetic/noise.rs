//! Load that looks alive, as totals: noise that is integrated in closed form.
//!
//! Ordinary noise gives a rate, whose total would need every step in between. Here the lattice points of the noise
//! shift the *total*: between two points it runs straight, and with shifts shorter than the distance of the points it
//! never falls.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// An independent seed for one stream of a seed's randomness.
#[inline]
pub(super) fn derive(seed: u64, stream: u64) -> u64 {
    SplitMix64::seed_from_u64(seed.wrapping_add(stream.wrapping_mul(0xd1b5_4a32_d192_ed03))).next_u64()
}

/// The number at one lattice point: 0 ≤ n < 1.
#[inline]
pub(super) fn unit(seed: u64, index: u64) -> f64 {
    (derive(seed, index) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Smooth wandering between 0 and 1, for gauges: straight lines between a random value every `length` seconds.
#[inline]
pub(super) fn wander(seed: u64, length: f64, seconds: f64) -> f64 {
    let (cell, share) = split(seconds / length);
    let (here, next) = (unit(seed, cell), unit(seed, cell + 1));
    here + (next - here) * share
}

/// A number ≥ 0 as its whole part and the rest.
#[inline]
fn split(x: f64) -> (u64, f64) {
    let whole = x as u64;
    (whole, x - whole as f64)
}

/// The course of a load whose mean is 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noise {
    /// Varies at three paces (about 1, 7 and 40 s) within 1 ± `roughness`.
    Even {
        /// Of the two slow paces: flows that share it rise and fall together.
        slow: u64,
        /// Of the fast pace.
        fast: u64,
        /// 0 ≤ r < 1.
        roughness: f64,
    },
    /// Nothing, but for one burst of `lasting` seconds at a random moment of every `every` seconds.
    Bursts {
        /// Of the moments.
        seed: u64,
        /// Seconds from one burst's span to the next one's.
        every: f64,
        /// Seconds of a burst.
        lasting: f64,
    },
}

impl Noise {
    /// The usual course, all of one seed.
    pub(super) fn even(seed: u64, roughness: f64) -> Self {
        Self::Even { slow: derive(seed, 1), fast: derive(seed, 2), roughness }
    }

    /// The same tides with ripples of its own, as bytes have beside requests.
    pub(super) fn cousin(self, stream: u64) -> Self {
        match self {
            Self::Even { slow, fast, roughness } => Self::Even { slow, fast: derive(fast, stream), roughness },
            bursts @ Self::Bursts { .. } => bursts,
        }
    }

    /// The load's total after `x` seconds of activity; never falls, and grows by 1 a second in the long run.
    pub(super) fn total(self, x: f64) -> f64 {
        match self {
            Self::Even { slow, fast, roughness } => {
                let shift = 1.3 * wander(fast, 1.3, x) + 7.1 * wander(slow, 7.1, x) + 41.0 * wander(!slow, 41.0, x);
                x + roughness / 3.0 * shift
            }
            Self::Bursts { seed, every, lasting } => {
                let (cell, share) = split(x / every);
                let start = unit(seed, cell) * (every - lasting);
                every * (cell as f64 + ((share * every - start) / lasting).clamp(0.0, 1.0))
            }
        }
    }
}

/// A counter's source: so much a second on average, in the course of a noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    per_second: f64,
    before: f64,
    noise: Noise,
}

impl Flow {
    /// `per_second` in the counter's unit, flowing for `uptime` seconds already.
    pub(super) fn new(per_second: f64, uptime: f64, noise: Noise) -> Self {
        Self { per_second, before: per_second * uptime, noise }
    }

    /// A flow that stands still at what it had.
    pub(super) fn frozen(before: f64) -> Self {
        Self { per_second: 0.0, before, noise: Noise::Bursts { seed: 0, every: 1.0, lasting: 1.0 } }
    }

    /// The total after `x` seconds of activity.
    #[inline]
    pub(super) fn total(&self, x: f64) -> f64 {
        if self.per_second == 0.0 { self.before } else { self.before + self.per_second * self.noise.total(x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_never_fall_and_keep_their_mean() {
        for noise in [Noise::even(7, 0.99), Noise::Bursts { seed: 7, every: 30.0, lasting: 4.0 }] {
            let mut before = noise.total(0.0);
            for step in 1..200_000 {
                let now = noise.total(f64::from(step) * 0.01);
                assert!(now >= before, "{noise:?} at {step}");
                before = now;
            }
            assert!((before / 2000.0 - 1.0).abs() < 0.05, "{before}");
        }
    }

    #[test]
    fn bursts_are_quiet_in_between() {
        let bursts = Noise::Bursts { seed: 3, every: 30.0, lasting: 3.0 };
        let quiet = (0..3000).filter(|&i| bursts.total(f64::from(i + 1)) == bursts.total(f64::from(i))).count();
        assert!(quiet > 2400, "{quiet}");
    }

    #[test]
    fn cousins_share_their_tides_only() {
        let noise = Noise::even(5, 0.9);
        assert_ne!(noise.total(10.0), noise.cousin(1).total(10.0));
        assert!((noise.total(10.0) - noise.cousin(1).total(10.0)).abs() < 1.3);
    }
}
