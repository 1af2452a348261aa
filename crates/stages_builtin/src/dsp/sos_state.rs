//! What a running IIR filter remembers, per channel and section, and how it starts, fades out and recovers.

use super::sos::{Cascade, Init};
use super::sos_kernel::{self, Head, Job, MAX_SECTIONS, TILE};
use fearless_simd::Level;

/// Every this many frames (counted from the start, so that the packet size does not matter) the state is looked after.
const CHECK_FRAMES: usize = 256;

/// State of a [`Cascade`] for a number of channels; coefficients are given with each call.
///
/// Two things beyond plain arithmetic happen, both at each 256th frame since the start, whatever the packets:
///
/// - A channel that has faded to less than 1e-34 of a unit becomes zero. A decaying state otherwise reaches subnormal numbers,
///   which some processors compute with a hundred times more slowly, for hours.
/// - A channel that saw NaN or infinity, and would stay NaN for ever, starts again with its next sample.
#[derive(Debug, Clone)]
pub struct SosState {
    channels: usize,
    init: Init,
    /// First state variable, `[section][channel]`.
    s1: Vec<f64>,
    /// Second state variable, `[section][channel]`.
    s2: Vec<f64>,
    /// Scratch of the inner loop.
    tile: Vec<f64>,
    /// Channels that start with the next frame.
    starting: Vec<bool>,
    /// Whether any of them does.
    any_starting: bool,
    /// Frames since the last check.
    frames: usize,
    /// The vectors this processor has.
    level: Level,
}

impl SosState {
    /// The state of `cascade` before its first frame of `channels` samples.
    pub fn new(cascade: &Cascade, channels: usize, init: Init) -> Self {
        let values = cascade.sections().len() * channels;
        Self {
            channels,
            init,
            s1: vec![0.0; values],
            s2: vec![0.0; values],
            tile: vec![0.0; TILE],
            starting: vec![true; channels],
            any_starting: true,
            frames: 0,
            level: Level::new(),
        }
    }

    /// As fresh: the next frame is the first.
    pub fn reset(&mut self) {
        self.starting.fill(true);
        self.any_starting = true;
        self.frames = 0;
    }

    /// The next frame is the first of this channel.
    pub fn restart_channel(&mut self, channel: usize) {
        self.starting[channel] = true;
        self.any_starting = true;
    }

    /// Goes on where the filter `from` of `previous` stopped, with the coefficients of `to`; they must have as many sections, else nothing
    /// is taken over.
    ///
    /// `newest` is the last frame of input, in whose size the steady part of the state is exchanged for that of the new filter:
    ///
    /// ```text
    /// state += (zi_to - zi_from) newest
    /// ```
    ///
    /// with `zi` as `scipy.signal.sosfilt_zi`. Without that, an electrode offset would make a step: of 60 mV, a band-pass whose
    /// edges are moved by an octave makes a transient of 40 mV, and with it one of some microvolts.
    pub fn inherit(&mut self, previous: &mut Self, from: &Cascade, to: &Cascade, newest: &[f32]) {
        if !previous.fits(to) || !self.fits(to) || self.channels != previous.channels {
            return;
        }
        std::mem::swap(&mut self.s1, &mut previous.s1);
        std::mem::swap(&mut self.s2, &mut previous.s2);
        std::mem::swap(&mut self.starting, &mut previous.starting);
        (self.any_starting, self.frames) = (previous.any_starting, previous.frames);
        if from == to {
            return;
        }
        let steady = from.steady_state().iter().zip(to.steady_state()).enumerate();
        for (section, (from, to)) in steady {
            for (channel, x) in newest.iter().enumerate() {
                let at = section * self.channels + channel;
                self.s1[at] += (to[0] - from[0]) * f64::from(*x);
                self.s2[at] += (to[1] - from[1]) * f64::from(*x);
            }
        }
    }

    /// Whether this state has a place for each section of `cascade`.
    pub fn fits(&self, cascade: &Cascade) -> bool {
        self.s1.len() == cascade.sections().len() * self.channels
    }

    /// Channels per frame.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Filters whole frames, `[frame][channel]`, in place. Allocates nothing.
    ///
    /// # Panics
    /// If `samples` is not a whole number of frames, or the state was made for another number of sections.
    pub fn process(&mut self, cascade: &Cascade, samples: &mut [f32]) {
        assert!(
            self.fits(cascade),
            "the state belongs to a cascade with another number of sections"
        );
        if self.channels == 0 || samples.is_empty() {
            return;
        }
        assert_eq!(
            samples.len() % self.channels,
            0,
            "samples must be whole frames of {} channels",
            self.channels
        );
        let mut rest = samples;
        while !rest.is_empty() {
            let frames = (rest.len() / self.channels).min(CHECK_FRAMES - self.frames);
            let (now, later) = rest.split_at_mut(frames * self.channels);
            rest = later;
            if self.any_starting {
                self.start(cascade, &now[..self.channels]);
            }
            self.run(cascade, now, None);
            self.count(cascade, frames);
        }
    }

    /// Whether [`process_both`](Self::process_both) can do the work of `first` and then `second`: a stage's only section works
    /// beside those of the next one, which are few.
    pub fn joins(first: &Cascade, second: &Cascade) -> bool {
        first.sections().len() == 1 && (1..MAX_SECTIONS).contains(&second.sections().len())
    }

    /// As [`process`](Self::process) of `first` and then of this state, with the same bits; `made` becomes the last frame in between.
    ///
    /// # Panics
    /// If the cascades do not [join](Self::joins), the channels are not as many, or the samples no whole frames.
    pub fn process_both(
        &mut self,
        cascade: &Cascade,
        first: &mut Self,
        before: &Cascade,
        made: &mut [f32],
        samples: &mut [f32],
    ) {
        assert!(Self::joins(before, cascade) && first.fits(before) && self.fits(cascade));
        let channels = self.channels;
        assert!(channels == first.channels && channels == made.len() && channels > 0);
        let mut rest = samples;
        while !rest.is_empty() {
            if self.any_starting || first.any_starting {
                // Who starts has to see its first frame.
                first.process(before, rest);
                made.copy_from_slice(&rest[rest.len() - channels..]);
                return self.process(cascade, rest);
            }
            let until_check = CHECK_FRAMES - self.frames.max(first.frames);
            let frames = (rest.len() / channels).min(until_check);
            let (now, later) = rest.split_at_mut(frames * channels);
            rest = later;
            let section = before.sections()[0];
            let head = Head { section, s1: &mut first.s1, s2: &mut first.s2, made };
            self.run(cascade, now, Some(head));
            first.count(before, frames);
            self.count(cascade, frames);
        }
    }

    fn run(&mut self, cascade: &Cascade, samples: &mut [f32], head: Option<Head<'_>>) {
        let job = Job {
            sections: cascade.sections(),
            s1: &mut self.s1,
            s2: &mut self.s2,
            channels: self.channels,
            samples,
            tile: &mut self.tile,
            head,
        };
        sos_kernel::run(self.level, job);
    }

    fn count(&mut self, cascade: &Cascade, frames: usize) {
        self.frames += frames;
        if self.frames == CHECK_FRAMES {
            self.frames = 0;
            self.check(cascade);
        }
    }

    /// Gives each starting channel its past.
    #[cold]
    fn start(&mut self, cascade: &Cascade, first_frame: &[f32]) {
        for (section, zi) in cascade.steady_state().iter().enumerate() {
            for (channel, x) in
                first_frame.iter().enumerate().filter(|(channel, _)| self.starting[*channel])
            {
                let x = if self.init == Init::Step { f64::from(*x) } else { 0.0 };
                self.s1[section * self.channels + channel] = zi[0] * x;
                self.s2[section * self.channels + channel] = zi[1] * x;
            }
        }
        self.starting.fill(false);
        self.any_starting = false;
    }

    /// Silences sections that have faded out, each for itself because fast ones fade long before slow ones, and marks channels
    /// that are no longer numbers for a new start.
    fn check(&mut self, cascade: &Cascade) {
        for (section, quiet) in cascade.quiet().iter().enumerate() {
            let row = section * self.channels..(section + 1) * self.channels;
            let states = self.s1[row.clone()].iter_mut().zip(&mut self.s2[row]);
            for ((s1, s2), starting) in states.zip(&mut self.starting) {
                if s1.abs() < *quiet && s2.abs() < *quiet {
                    (*s1, *s2) = (0.0, 0.0);
                } else if !(s1.is_finite() && s2.is_finite()) {
                    *starting = true;
                    self.any_starting = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
