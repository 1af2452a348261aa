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
mod tests {
    use proptest::prelude::*;

    use super::super::butterworth::{Band, butterworth};
    use super::super::notch::iirnotch;
    use super::super::sos::Sos;
    use super::*;

    fn band_pass(order: u32, rate_hz: f64) -> Cascade {
        Cascade::new(
            butterworth(order, Band::BandPass { low_hz: 0.5, high_hz: 40.0 }, rate_hz).unwrap(),
        )
    }

    /// Each channel alone, sample by sample, in the plainest way.
    fn plain(cascade: &Cascade, channels: usize, init: Init, samples: &[f32]) -> Vec<f32> {
        let mut out = samples.to_vec();
        for channel in 0..channels {
            let x0 = if init == Init::Step { f64::from(out[channel]) } else { 0.0 };
            let mut state: Vec<[f64; 2]> =
                cascade.steady_state().iter().map(|zi| zi.map(|z| z * x0)).collect();
            for sample in out.iter_mut().skip(channel).step_by(channels) {
                let mut x = f64::from(*sample);
                for (Sos { b0, b1, b2, a1, a2 }, [s1, s2]) in
                    cascade.sections().iter().zip(&mut state)
                {
                    let y = b0 * x + *s1;
                    *s1 = b1 * x - a1 * y + *s2;
                    *s2 = b2 * x - a2 * y;
                    x = y;
                }
                *sample = x as f32;
            }
        }
        out
    }

    /// An electrode offset, alpha at 10 Hz and 250 samples/s, and noise, in microvolts.
    fn signal(channels: usize, frames: usize) -> Vec<f32> {
        let mut noise = 1_u32;
        (0..frames * channels)
            .map(|at| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (frame, channel) = ((at / channels) as f32, (at % channels) as f32);
                5000.0 - 900.0 * channel
                    + 20.0 * (0.2513 * frame + channel).sin()
                    + (noise >> 8) as f32 * 1e-6
            })
            .collect()
    }

    /// The best vectors of this processor, and what it can do with less.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        #[cfg(target_arch = "x86_64")]
        let less = [
            best.as_avx2().map(Level::Avx2),
            best.as_sse4_2().map(Level::Sse4_2),
            best.as_sse2().map(Level::Sse2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let less: [Option<Level>; 0] = [];
        std::iter::once(best).chain(less.into_iter().flatten()).collect()
    }

    proptest! {
        #[test]
        fn packets_of_any_size_and_any_vectors_give_the_same_bits_as_the_plain_loop(
            channels in 1_usize..36,
            order in 1_u32..=10,
            step in any::<bool>(),
            sizes in prop::collection::vec(1_usize..400, 1..12),
        ) {
            let cascade = band_pass(order, 250.0);
            let init = if step { Init::Step } else { Init::Zero };
            let input = signal(channels, sizes.iter().sum());
            let expected = plain(&cascade, channels, init, &input);
            for level in levels() {
                let mut samples = input.clone();
                let mut state = SosState { level, ..SosState::new(&cascade, channels, init) };
                let mut rest = samples.as_mut_slice();
                for size in &sizes {
                    let (packet, later) = rest.split_at_mut(size * channels);
                    state.process(&cascade, packet);
                    rest = later;
                }
                let same = samples.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                prop_assert!(same, "{level:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn two_stages_at_once_give_the_same_bits_as_one_after_the_other(
            channels in 1_usize..36,
            order in 1_u32..=3,
            late in 0_usize..300,
            sizes in prop::collection::vec(1_usize..400, 1..8),
        ) {
            let notch = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
            let band = Cascade::new(
                butterworth(order, Band::HighPass { hz: 0.5 }, 250.0).unwrap(),
            );
            prop_assert!(SosState::joins(&notch, &band));
            let mut expected = signal(channels, sizes.iter().sum());
            // The second filter began later: their checks lie elsewhere.
            let before = signal(channels, late);
            // A channel that is no number for a while starts anew in the middle.
            expected[channels * (sizes[0] / 2)] = f32::NAN;
            let input = expected.clone();
            let states = |level, before: &mut [f32]| {
                let of = |cascade| SosState { level, ..SosState::new(cascade, channels, Init::Step) };
                let (first, mut second) = (of(&notch), of(&band));
                second.process(&band, before);
                (first, second)
            };
            let (mut first, mut second) = states(Level::new(), &mut before.clone());
            let mut between = input.clone();
            first.process(&notch, &mut between);
            expected.copy_from_slice(&between);
            second.process(&band, &mut expected);
            for level in levels() {
                let (mut first, mut second) = states(level, &mut before.clone());
                let (mut samples, mut made) = (input.clone(), vec![0.0; channels]);
                let mut at = 0;
                for size in &sizes {
                    let packet = at..at + size * channels;
                    at = packet.end;
                    second.process_both(&band, &mut first, &notch, &mut made, &mut samples[packet]);
                    let last = made.iter().zip(&between[at - channels..]);
                    prop_assert!(last.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()));
                }
                let same = samples.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                prop_assert!(same, "{level:?}");
            }
        }
    }

    #[test]
    fn step_start_makes_no_transient() {
        let cascade = band_pass(4, 4000.0);
        let mut samples = vec![5000.0_f32; 8 * 4000];
        SosState::new(&cascade, 8, Init::Step).process(&cascade, &mut samples);
        let worst = samples.iter().fold(0.0_f32, |worst, y| worst.max(y.abs()));
        assert!(worst < 1e-5, "{worst} uV left of a constant 5 mV");
        let mut samples = vec![5000.0_f32; 4000];
        SosState::new(&cascade, 1, Init::Zero).process(&cascade, &mut samples);
        assert!(samples.iter().any(|y| y.abs() > 500.0), "a start from silence rings");
    }

    #[test]
    fn reset_is_complete() {
        let cascade = band_pass(3, 250.0);
        let (mut first, mut again) = (signal(5, 300), signal(5, 300));
        let mut state = SosState::new(&cascade, 5, Init::Step);
        state.process(&cascade, &mut first);
        state.reset();
        state.process(&cascade, &mut again);
        assert_eq!(first, again);
    }

    #[test]
    fn a_fading_filter_reaches_exact_silence_and_only_there() {
        // Poles of 0.05 Hz take 1e34 to fade in 0.27 h at 250 samples/s; the largest gain sits in no one section.
        for (order, band) in [
            (1, Band::HighPass { hz: 1.0 }),
            (4, Band::LowPass { hz: 1.0 }),
            (10, Band::LowPass { hz: 5.0 }),
        ] {
            let cascade = Cascade::new(butterworth(order, band, 250.0).unwrap());
            let mut samples = vec![0.0_f32; 30_000];
            samples[..500].fill(100.0);
            let expected = plain(&cascade, 1, Init::Zero, &samples);
            let mut state = SosState::new(&cascade, 1, Init::Zero);
            state.process(&cascade, &mut samples);
            for (at, (y, plain)) in samples.iter().zip(&expected).enumerate() {
                assert!(
                    y.to_bits() == plain.to_bits() || (*y - *plain).abs() < 1e-33,
                    "{band:?}, frame {at}: {y} for {plain}"
                );
            }
            assert!(
                state.s1.iter().chain(&state.s2).all(|s| *s == 0.0),
                "{band:?}: {:?}",
                state.s1
            );
        }
    }

    #[test]
    fn not_a_number_stays_in_its_channel_and_passes() {
        let cascade = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
        let mut samples = signal(3, 2000);
        let clean = plain(&cascade, 3, Init::Step, &samples);
        samples[3 * 100 + 1] = f32::NAN;
        SosState::new(&cascade, 3, Init::Step).process(&cascade, &mut samples);
        for (at, (y, clean)) in samples.iter().zip(&clean).enumerate() {
            let (frame, channel) = (at / 3, at % 3);
            if channel != 1 || frame < 100 {
                assert_eq!(y.to_bits(), clean.to_bits());
            } else {
                assert_eq!(y.is_nan(), frame < 256, "frame {frame}");
            }
        }
    }

    #[test]
    fn a_retune_keeps_the_state_and_an_offset_makes_no_step() {
        let (a, b) = (
            Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]),
            Cascade::new(vec![iirnotch(60.0, 30.0, 250.0).unwrap()]),
        );
        let mut state = SosState::new(&a, 1, Init::Step);
        let mut samples = vec![5000.0_f32; 100];
        state.process(&a, &mut samples);
        let mut next = SosState::new(&b, 1, Init::Step);
        next.inherit(&mut state, &a, &b, &[5000.0]);
        let mut samples = vec![5000.0_f32; 100];
        next.process(&b, &mut samples);
        assert!(samples.iter().all(|y| (y - 5000.0).abs() < 1e-3), "{samples:?}");
        let longer = band_pass(2, 250.0);
        let mut anew = SosState::new(&longer, 1, Init::Step);
        anew.inherit(&mut next, &b, &longer, &[5000.0]);
        assert!(anew.fits(&longer) && anew.any_starting);
    }

    #[test]
    fn one_channel_starts_anew_and_the_other_goes_on() {
        let cascade = band_pass(2, 250.0);
        let mut state = SosState::new(&cascade, 2, Init::Step);
        let mut samples = signal(2, 300);
        let expected = plain(&cascade, 2, Init::Step, &samples);
        state.process(&cascade, &mut samples[..2 * 100]);
        state.restart_channel(1);
        let of_channel = |samples: &[f32], channel: usize| -> Vec<f32> {
            samples.iter().skip(channel).step_by(2).copied().collect()
        };
        let anew = plain(&cascade, 1, Init::Step, &of_channel(&samples[2 * 100..], 1));
        state.process(&cascade, &mut samples[2 * 100..]);
        assert_eq!(of_channel(&samples, 0), of_channel(&expected, 0));
        assert_eq!(of_channel(&samples, 1)[100..], anew);
    }

    #[test]
    fn no_section_or_no_channel_passes_everything() {
        let nothing = Cascade::new(vec![]);
        let mut samples = signal(2, 600);
        SosState::new(&nothing, 2, Init::Step).process(&nothing, &mut samples);
        assert_eq!(samples, signal(2, 600));
        SosState::new(&nothing, 0, Init::Step).process(&nothing, &mut []);
    }
}
