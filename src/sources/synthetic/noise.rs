//! Irregular loads as totals that can be computed for any moment.
//!
//! A noise that gives a rate would have to be summed up step by step. Here the lattice points of the noise shift the *total*.
//! Between two points the total is a straight line; it never falls, because the shifts are smaller than the distance of the points.

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

/// A slowly changing value between 0 and 1, for gauges: straight lines between random values every `length` seconds.
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

/// How a load with the mean 1 varies over time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noise {
    /// Varies in periods of about 1, 7 and 40 s, within 1 ± `roughness`.
    Even {
        /// The seed of the two long periods: counters with the same seed rise and fall together.
        slow: u64,
        /// The seed of the short period.
        fast: u64,
        /// 0 ≤ r < 1.
        roughness: f64,
    },
    /// One burst of `lasting` seconds at a random moment of every `every` seconds, and 0 otherwise.
    Bursts {
        /// The seed of the moments.
        seed: u64,
        /// In which seconds there is one burst.
        every: f64,
        /// How many seconds a burst lasts.
        lasting: f64,
    },
}

impl Noise {
    /// [`Noise::Even`] with all seeds from one.
    pub(super) fn even(seed: u64, roughness: f64) -> Self {
        Self::Even { slow: derive(seed, 1), fast: derive(seed, 2), roughness }
    }

    /// The same long periods with another short period: bytes vary so beside requests.
    pub(super) fn variation(self, stream: u64) -> Self {
        match self {
            Self::Even { slow, fast, roughness } => Self::Even { slow, fast: derive(fast, stream), roughness },
            bursts @ Self::Bursts { .. } => bursts,
        }
    }

    /// The total after `x` seconds of activity. It never falls, and grows by 1 a second on average.
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

/// The source of a counter: an average rate that varies with a noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    per_second: f64,
    before: f64,
    noise: Noise,
}

impl Flow {
    /// A source with a rate in the unit of the counter, which has had that rate for `uptime` seconds already.
    pub(super) fn new(per_second: f64, uptime: f64, noise: Noise) -> Self {
        Self { per_second, before: per_second * uptime, noise }
    }

    /// A source that does not grow any more.
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
    fn there_is_nothing_between_two_bursts() {
        let bursts = Noise::Bursts { seed: 3, every: 30.0, lasting: 3.0 };
        let quiet = (0..3000).filter(|&i| bursts.total(f64::from(i + 1)) == bursts.total(f64::from(i))).count();
        assert!(quiet > 2400, "{quiet}");
    }

    #[test]
    fn variations_share_their_long_periods() {
        let noise = Noise::even(5, 0.9);
        assert_ne!(noise.total(10.0), noise.variation(1).total(10.0));
        assert!((noise.total(10.0) - noise.variation(1).total(10.0)).abs() < 1.3);
    }
}
