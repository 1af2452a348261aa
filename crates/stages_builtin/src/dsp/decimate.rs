//! Reduction of the sampling rate by a whole factor: the anti-alias filter, in one step or in several.
//!
//! ```text
//! y[k] = sum_j h[j] x[k factor - j]
//! ```
//!
//! which is `scipy.signal.lfilter(taps, 1, x)[::factor]`, computed for the kept samples only. With `f` the new Nyquist frequency (half the
//! new rate), the gain is 1 up to 0.8 f (within 0.001 dB), and at least 80 dB down from f on (one filter is designed for 90, each of several for 93), so
//! nothing above f folds back. The phase is linear: the delay is the same at every frequency, and whole samples of the old rate.
//!
//! **Several steps.** A large factor is split where that saves work (Crochiere and Rabiner, *IEEE Trans. ASSP* 23, 1975, p. 444): a step that is
//! followed by another needs to stop only what folds onto the band below f, from `rate - f` on with `rate` its new rate, and gets by with
//! few taps. The steps together equal one filter, [`Decimator::taps`]. In one step there are `58 factor + 1` taps, and the
//! delay is 29 samples of the new rate.

use super::error::{DesignError, whole_number};
use super::fir::{firwin_lowpass_kaiser, kaiser_beta, kaiser_length};

/// Largest factor; 64,000 samples/s to 64.
pub const MAX_FACTOR: u32 = 1000;

/// Edge of the pass-band as a part of the new Nyquist frequency, where the stop-band begins.
pub const PASS_EDGE: f64 = 0.8;

/// What a filter alone is designed for; at least 80 dB is promised.
const DESIGN_DB: f64 = 90.0;

/// What each of several is designed for, because ripples add up.
const EACH_DB: f64 = 93.0;

/// Most steps: a fourth saves nothing up to [`MAX_FACTOR`].
const MAX_STEPS: usize = 3;

/// What taking a frame into a step costs, in taps: from the benchmark of the stages.
const PUSH_COST: f64 = 4.0;

/// The filter of a decimator: plain data, good for any rate and any number of channels.
#[derive(Debug, Clone, PartialEq)]
pub struct Decimator {
    steps: Box<[Step]>,
}

/// One of the filters and how many of its outputs are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    factor: usize,
    taps: Box<[f64]>,
}

impl Step {
    /// Input samples of the step per output sample.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Its filter: `scipy.signal.firwin(len(taps), cutoff, window=("kaiser", beta))`; symmetric, odd in number.
    pub fn taps(&self) -> &[f64] {
        &self.taps
    }

    /// A step by `factor` where `remaining` is left to do, this step included.
    fn new(factor: usize, remaining: usize, db: f64) -> Result<Self, DesignError> {
        if factor == 1 {
            return Ok(Self { factor: 1, taps: [1.0].into() });
        }
        let (pass, stop) = edges(factor, remaining);
        let length = 2 * half_length(factor, remaining, db) + 1;
        let taps = firwin_lowpass_kaiser(length, pass.midpoint(stop), kaiser_beta(db), 2.0)?;
        Ok(Self { factor, taps: taps.into() })
    }
}

/// Where the pass-band ends and the stop-band begins, in units of the step's own Nyquist frequency.
fn edges(factor: usize, remaining: usize) -> (f64, f64) {
    let (factor, remaining) = (factor as f64, remaining as f64);
    (PASS_EDGE / remaining, (2.0 * remaining / factor - 1.0) / remaining)
}

/// Taps before the middle one: whole samples of the step's new rate as well as of its old one.
fn half_length(factor: usize, remaining: usize, db: f64) -> usize {
    let (pass, stop) = edges(factor, remaining);
    (kaiser_length(db, stop - pass) / 2.0 / factor as f64).ceil() as usize * factor
}

const fn design_db(steps: usize) -> f64 {
    if steps > 1 { EACH_DB } else { DESIGN_DB }
}

/// Work per input sample of the whole chain.
fn cost(factors: &[usize]) -> f64 {
    let mut remaining: usize = factors.iter().product();
    let mut rate = 1.0;
    let mut cost = 0.0;
    for factor in factors {
        cost += PUSH_COST * rate;
        rate /= *factor as f64;
        cost += half_length(*factor, remaining, design_db(factors.len())) as f64 * rate;
        remaining /= factor;
    }
    cost
}

/// The factors of the cheapest chain of steps.
fn cheapest(factor: usize) -> Vec<usize> {
    fn extend(done: &mut Vec<usize>, rest: usize, best: &mut Vec<usize>) {
        done.push(rest);
        if cost(done) < cost(best) {
            best.clone_from(done);
        }
        done.pop();
        if done.len() + 1 < MAX_STEPS {
            for next in (2..rest).filter(|next| rest.is_multiple_of(*next)) {
                done.push(next);
                extend(done, rest / next, best);
                done.pop();
            }
        }
    }
    let mut best = vec![factor];
    extend(&mut Vec::new(), factor, &mut best);
    best
}

impl Decimator {
    /// A decimator by `factor`; of 1, which passes everything without delay.
    ///
    /// # Errors
    /// If `factor` is not from 1 to [`MAX_FACTOR`].
    pub fn new(factor: u32) -> Result<Self, DesignError> {
        whole_number("factor", factor, 1, MAX_FACTOR)?;
        let mut remaining = factor as usize;
        let factors = cheapest(remaining);
        let db = design_db(factors.len());
        let steps = factors.into_iter().map(|factor| {
            let step = Step::new(factor, remaining, db);
            remaining /= factor;
            step
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }

    /// Input samples per output sample.
    pub fn factor(&self) -> usize {
        self.steps.iter().map(Step::factor).product()
    }

    /// The filters, the one at the old rate first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The one filter that all steps together are: `scipy.signal.lfilter(taps, 1, x)[::factor]` is the reference.
    ///
    /// ```text
    /// H(z) = H1(z) H2(z^m1) H3(z^(m1 m2))
    /// ```
    pub fn taps(&self) -> Vec<f64> {
        let (mut whole, mut apart) = (vec![1.0], 1);
        for step in &self.steps {
            let mut product = vec![0.0; whole.len() + apart * (step.taps.len() - 1)];
            for (k, tap) in step.taps.iter().enumerate() {
                for (sum, h) in product[k * apart..].iter_mut().zip(&whole) {
                    *sum += tap * h;
                }
            }
            whole = product;
            apart *= step.factor;
        }
        whole
    }

    /// By how many input samples the output comes later, at every frequency.
    pub fn delay_samples(&self) -> usize {
        self.settling_samples() / 2
    }

    /// Input samples until nothing of a transient is left.
    pub fn settling_samples(&self) -> usize {
        let (mut samples, mut apart) = (0, 1);
        for step in &self.steps {
            samples += apart * (step.taps.len() - 1);
            apart *= step.factor;
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// Gain at `part` of the new Nyquist frequency, in dB.
    fn gain_db(decimator: &Decimator, part: f64) -> f64 {
        let (mut gain, mut apart) = (1.0, 1.0);
        for step in decimator.steps() {
            let (middle, w) =
                ((step.taps.len() / 2) as f64, PI * part * apart / decimator.factor() as f64);
            let taps = step.taps.iter().enumerate();
            gain *= taps.map(|(k, h)| h * (w * (k as f64 - middle)).cos()).sum::<f64>();
            apart *= step.factor as f64;
        }
        20.0 * gain.abs().log10()
    }

    #[test]
    fn passes_below_and_stops_from_the_new_nyquist_on() {
        for factor in [2, 3, 4, 7, 8, 12, 16, 30, 64, 100, 1000] {
            let decimator = Decimator::new(factor).unwrap();
            for k in 0..=400 {
                let part = PASS_EDGE * f64::from(k) / 400.0;
                let db = gain_db(&decimator, part);
                assert!(db.abs() < 0.001, "factor {factor}: {db} dB at {part}");
            }
            let worst = (0..=20_000)
                .map(|k| {
                    gain_db(&decimator, 1.0 + f64::from(k) / 20_000.0 * (f64::from(factor) - 1.0))
                })
                .fold(f64::NEG_INFINITY, f64::max);
            assert!(worst < -80.0, "factor {factor}: {worst} dB");
        }
    }

    #[test]
    fn several_steps_where_they_save_and_one_where_not() {
        let factors = |factor| {
            let decimator = Decimator::new(factor).unwrap();
            decimator.steps().iter().map(Step::factor).collect::<Vec<_>>()
        };
        for one in [1, 2, 3, 5, 7, 997] {
            assert_eq!(factors(one), [one as usize]);
        }
        for several in [8, 16, 64, 250, 1000] {
            let steps = factors(several);
            assert!(steps.len() > 1, "{several}: {steps:?}");
            // The smaller the rate, the steeper the filter: the last step is a small one.
            assert!(cost(&steps) < 0.6 * cost(&[several as usize]), "{several}: {steps:?}");
        }
    }

    #[test]
    fn the_steps_are_one_filter_with_linear_phase_and_gain_one() {
        for factor in [1, 4, 30, 64] {
            let decimator = Decimator::new(factor).unwrap();
            let taps = decimator.taps();
            assert_eq!(taps.len(), decimator.settling_samples() + 1);
            assert!((taps.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            for (a, b) in taps.iter().zip(taps.iter().rev()) {
                assert!((a - b).abs() < 1e-16, "factor {factor}");
            }
        }
        assert_eq!(Decimator::new(2).unwrap().delay_samples(), 29 * 2);
    }

    #[test]
    fn bad_factors_are_refused() {
        for factor in [0, 1001, u32::MAX] {
            assert_eq!(Decimator::new(factor).unwrap_err().param, "factor");
        }
    }
}
