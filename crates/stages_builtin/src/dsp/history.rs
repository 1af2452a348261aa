//! The newest frames of a signal in f64: what every filter remembers whose output is a weighted sum of past samples.

use super::sos::Init;

/// The last frames of a number of channels, `[frame][channel]`, oldest first.
#[derive(Debug, Clone)]
pub(super) struct History {
    channels: usize,
    /// Frames that are remembered.
    frames: usize,
    init: Init,
    /// Twice the length: moving it back to the front then costs one copied value per sample.
    values: Vec<f64>,
    /// Values in use; the newest `frames` frames before this count.
    filled: usize,
    /// Channels that have no past yet.
    starting: Vec<bool>,
    /// Whether there is one.
    any_starting: bool,
}

impl History {
    /// Room for `frames` frames (at least 1) of `channels` values, before the first of them.
    pub(super) fn new(frames: usize, channels: usize, init: Init) -> Self {
        let frames = frames.max(1);
        Self {
            channels,
            frames,
            init,
            values: vec![0.0; 2 * frames * channels],
            filled: (frames - 1) * channels,
            starting: vec![true; channels],
            any_starting: true,
        }
    }

    pub(super) const fn channels(&self) -> usize {
        self.channels
    }

    pub(super) const fn frames(&self) -> usize {
        self.frames
    }

    /// The next frame is the first.
    pub(super) fn restart(&mut self) {
        self.starting.fill(true);
        self.any_starting = true;
    }

    /// The next frame is the first of this channel.
    pub(super) fn restart_channel(&mut self, channel: usize) {
        self.starting[channel] = true;
        self.any_starting = true;
    }

    /// Appends a frame. A channel that starts takes silence, or this frame for ever, as its past.
    #[inline]
    pub(super) fn push(&mut self, frame: impl Iterator<Item = f64> + Clone) {
        if self.any_starting {
            self.start(frame.clone());
        }
        if self.filled == self.values.len() {
            let past = (self.frames - 1) * self.channels;
            self.values.copy_within(self.filled - past.., 0);
            self.filled = past;
        }
        for (value, x) in self.values[self.filled..].iter_mut().zip(frame) {
            *value = x;
        }
        self.filled += self.channels;
    }

    /// All remembered frames, the newest last.
    #[inline]
    pub(super) fn newest(&self) -> &[f64] {
        &self.values[self.filled - self.frames * self.channels..self.filled]
    }

    /// Goes on from what `previous` remembers; frames older than that are like its oldest one.
    pub(super) fn inherit(&mut self, previous: &Self) {
        if previous.channels != self.channels {
            return;
        }
        self.starting.copy_from_slice(&previous.starting);
        self.any_starting = previous.any_starting;
        let (past, width) = (self.frames - 1, self.channels);
        let known = (previous.frames - 1) * width;
        // Before its first frame a history holds all but one.
        let known = &previous.values[previous.filled - known..previous.filled];
        self.filled = past * width;
        if known.is_empty() {
            // A filter of one tap remembers nothing: as fresh.
            return self.restart();
        }
        for (age, row) in self.values[..past * width].chunks_exact_mut(width).rev().enumerate() {
            let from = known.len().saturating_sub((age + 1) * width);
            row.copy_from_slice(&known[from..from + width]);
        }
    }

    #[cold]
    fn start(&mut self, frame: impl Iterator<Item = f64>) {
        for (channel, x) in frame.enumerate().filter(|(channel, _)| self.starting[*channel]) {
            let past = if self.init == Init::Step { x } else { 0.0 };
            for value in self.values[..self.filled].iter_mut().skip(channel).step_by(self.channels)
            {
                *value = past;
            }
        }
        self.starting.fill(false);
        self.any_starting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(history: &mut History, frame: &[f64]) -> Vec<f64> {
        history.push(frame.iter().copied());
        history.newest().to_vec()
    }

    #[test]
    fn holds_the_newest_frames_for_ever() {
        let mut history = History::new(3, 2, Init::Zero);
        assert_eq!(push(&mut history, &[1.0, -1.0]), [0.0, 0.0, 0.0, 0.0, 1.0, -1.0]);
        for k in 2..50 {
            let k = f64::from(k);
            let newest = push(&mut history, &[k, -k]);
            assert_eq!(&newest[2..], [k - 1.0, 1.0 - k, k, -k]);
        }
    }

    #[test]
    fn one_channel_starts_anew_and_the_other_goes_on() {
        let mut history = History::new(3, 2, Init::Step);
        assert_eq!(push(&mut history, &[5.0, 7.0]), [5.0, 7.0, 5.0, 7.0, 5.0, 7.0]);
        let _ = push(&mut history, &[6.0, 8.0]);
        history.restart_channel(1);
        assert_eq!(push(&mut history, &[1.0, 2.0]), [5.0, 2.0, 6.0, 2.0, 1.0, 2.0]);
    }

    #[test]
    fn another_length_goes_on_from_the_same_past() {
        let mut old = History::new(4, 1, Init::Zero);
        for k in 1..20 {
            let _ = push(&mut old, &[f64::from(k)]);
        }
        let mut shorter = History::new(2, 1, Init::Zero);
        shorter.inherit(&old);
        assert_eq!(push(&mut shorter, &[20.0]), [19.0, 20.0]);
        let mut longer = History::new(6, 1, Init::Zero);
        longer.inherit(&old);
        assert_eq!(push(&mut longer, &[20.0]), [17.0, 17.0, 17.0, 18.0, 19.0, 20.0]);
    }
}
