//! A Cyton as a [`Board`]: packets in, numbered and timed frames out, and back again by itself after anything that happens to the link.

use super::PACKETS_PER_S;
use super::daisy::Pairing;
use super::error::CytonError;
use super::framing::{Arrival, Found, Framer};
use super::link::Link;
use super::packet::LENGTH;
use super::sequence::Sequence;
use super::set_up::{CytonSettings, LOOK_MS, Progress, SetUp};
use crate::board::{Block, Board, BoardCounters, BoardEvent, Frames, Loss, Reading};
use crate::sample_clock::{SampleClock, SampleClockSettings};
use std::collections::VecDeque;
use std::error::Error;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

/// What a packet takes on the wire: 330 bits at 115200 a second. No stamp is less late than this.
const WIRE_NS: u64 = LENGTH as u64 * 10 * 1_000_000_000 / 115_200;
/// After so long without a byte what has come of a packet is all.
const QUIET_NS: u64 = 40_000_000;
/// After so long without a byte what has not come will not: radio, adapter and system hold nothing back that long.
const LATE_NS: u64 = 100_000_000;
/// After so long without a byte something is wrong: the board is out of reach, and will go on when it is back, or switched off.
const SILENT_NS: u64 = 2_000_000_000;
/// After so long it is set up anew.
const GIVEN_UP_NS: u64 = 10_000_000_000;
/// Between two attempts to bring it back.
const RETRY_NS: u64 = 1_000_000_000;
/// A code this near to full scale is at a rail: 95 %.
const RAIL: i32 = (0.95 * 8_388_608.0) as i32;

/// The board, on its link.
pub struct Cyton {
    link: Box<dyn Link>,
    settings: CytonSettings,
    state: State,
    framer: Framer,
    sequence: Sequence,
    pairing: Pairing,
    clock: SampleClock,
    counters: Arc<BoardCounters>,
    /// How long it has been listened in all, and by the last byte.
    listened_ns: u64,
    last_byte_ns: u64,
    last: Option<Last>,
    /// Why frames before the next one are missing.
    cause: Option<Loss>,
    /// A frame that begins the next block.
    waiting: Option<Frame>,
    /// The block under way.
    block: Block,
    next_sample: Option<u64>,
    events: VecDeque<BoardEvent>,
    /// Since when the board is silent or gone, once that was told.
    away_since_ns: Option<u64>,
    /// What was last told about why it does not come back.
    told: Option<Discriminant<CytonError>>,
}

enum State {
    Closed,
    SettingUp {
        set_up: SetUp,
        /// Not before this.
        from_ns: u64,
    },
    Streaming {
        /// The next packet is the first since the board was set up.
        anew: bool,
    },
}

/// The packet before.
#[derive(Debug, Clone, Copy)]
struct Last {
    n: u64,
    arrival: Arrival,
    board_ms: Option<u32>,
}

/// One sample of all channels.
#[derive(Debug, Clone, Copy)]
struct Frame {
    sample: u64,
    codes: [i32; 16],
    arrival_ns: u64,
}

impl Cyton {
    /// A board on a link. Nothing happens before it is opened.
    ///
    /// # Errors
    /// When it cannot do what is set.
    pub fn new(link: Box<dyn Link>, settings: CytonSettings) -> Result<Self, CytonError> {
        settings.check()?;
        Ok(Self {
            link,
            state: State::Closed,
            framer: Framer::default(),
            sequence: Sequence::begin(0, settings.daisy()),
            pairing: Pairing::default(),
            clock: SampleClock::new(PACKETS_PER_S, SampleClockSettings::SERIAL_PACKETS),
            counters: Arc::default(),
            listened_ns: 0,
            last_byte_ns: 0,
            last: None,
            cause: None,
            waiting: None,
            block: Block { first_sample: 0, lost_before: 0, captured_ns: 0, railed: false },
            next_sample: None,
            events: VecDeque::with_capacity(4),
            away_since_ns: None,
            told: None,
            settings,
        })
    }

    fn now_ns(&self) -> u64 {
        self.link.now().0
    }

    /// Listens to the line for a while.
    fn listen(&mut self) -> Result<(), CytonError> {
        let before_ns = self.now_ns();
        let read = self.link.read(self.framer.room(), LOOK_MS / 5);
        let monotonic_ns = self.now_ns();
        self.listened_ns += monotonic_ns - before_ns;
        let count = read.map_err(|error| CytonError::Gone { port: self.link.name(), error })?;
        if count > 0 {
            self.last_byte_ns = self.listened_ns;
            self.framer.filled(count, Arrival { monotonic_ns, listened_ns: self.listened_ns });
            return Ok(());
        }
        let silent_ns = self.listened_ns - self.last_byte_ns;
        if silent_ns > SILENT_NS && self.away_since_ns.is_none() {
            self.away_since_ns = Some(monotonic_ns - silent_ns);
            self.tell(format!(
                "no data from the board on {} for {} s: is it switched on, charged and near?",
                self.link.name(),
                SILENT_NS / 1_000_000_000
            ));
        }
        if silent_ns > GIVEN_UP_NS { Err(CytonError::NoStream) } else { Ok(()) }
    }

    /// The next frame among what has been read.
    fn frame(&mut self) -> Option<Frame> {
        loop {
            let quiet = self.listened_ns - self.last_byte_ns > QUIET_NS;
            let found = self.framer.next(quiet)?;
            if let Some(frame) = self.place(found) {
                return Some(frame);
            }
        }
    }

    /// Numbers a packet and tells the clock of it. The frame that it completes.
    fn place(&mut self, found: Found) -> Option<Frame> {
        let Found { packet, skipped, arrival } = found;
        let stamp_ns = arrival.monotonic_ns.saturating_sub(WIRE_NS);
        let board_ms = packet.board_ms();
        let anew = matches!(self.state, State::Streaming { anew: true });
        if anew {
            self.state = State::Streaming { anew: false };
            self.pairing = Pairing::default();
            self.sequence =
                Sequence::begin(self.number_at(arrival, board_ms), self.settings.daisy());
        }
        let listened_ns =
            self.last.map_or(0, |last| arrival.listened_ns - last.arrival.listened_ns);
        let rate_hz = self.clock.fit().rate_hz;
        let place =
            self.sequence.place(packet.counter(), board_ms, listened_ns as f64 / 1e9, rate_hz);
        if place.again {
            self.counters.add_disagreement();
            return None;
        }
        if anew && self.last.is_some() {
            self.clock.restart(place.n, stamp_ns);
        } else {
            self.clock.edge(place.n, stamp_ns);
        }
        if let Some(since_ns) = self.away_since_ns.take() {
            self.cause = Some(Loss::Outage);
            self.told = None;
            let away_s = (arrival.monotonic_ns - since_ns) as f64 / 1e9;
            self.tell(format!("the board streams again after {away_s:.1} s"));
        } else if skipped > 0 {
            self.cause = self.cause.or(Some(Loss::Corrupt));
        }
        self.last = Some(Last { n: place.n, arrival, board_ms });
        let (sample, codes) = if self.settings.daisy() {
            self.pairing.join(place.n, packet.codes())?
        } else {
            let mut codes = [0; 16];
            codes[..8].copy_from_slice(&packet.codes());
            (place.n, codes)
        };
        Some(Frame { sample, codes, arrival_ns: arrival.monotonic_ns })
    }

    /// The number of the first packet after the board was set up again: by its own clock when that has gone on, else by the host's.
    fn number_at(&self, arrival: Arrival, board_ms: Option<u32>) -> u64 {
        let Some(last) = self.last else { return 0 };
        let rate_hz = self.clock.fit().rate_hz;
        let by_host = (arrival.monotonic_ns - last.arrival.monotonic_ns) as f64 / 1e9 * rate_hz;
        let by_board = board_ms
            .zip(last.board_ms)
            .map(|(now_ms, before_ms)| f64::from(now_ms.wrapping_sub(before_ms)) / 1e3 * rate_hz);
        let periods = by_board
            .filter(|by_board| (by_board - by_host).abs() < PACKETS_PER_S)
            .unwrap_or(by_host);
        last.n + (periods.round() as u64).max(1)
    }

    /// Adds a frame to the block under way. False when it begins another.
    fn append(&mut self, frame: Frame, frames: &mut Frames) -> bool {
        let next = self.next_sample.unwrap_or(frame.sample);
        if frames.is_empty() {
            let lost_before = frame.sample - next;
            self.block =
                Block { first_sample: frame.sample, lost_before, captured_ns: 0, railed: false };
            let cause = self.cause.take().unwrap_or(Loss::Missed);
            self.counters.add_lost(cause, lost_before);
        } else if frame.sample != next {
            self.waiting = Some(frame);
            return false;
        }
        let codes = &frame.codes[..self.settings.channels.len()];
        frames.codes.extend_from_slice(codes);
        frames.edges_ns.push(frame.arrival_ns);
        self.block.captured_ns = frame.arrival_ns;
        self.block.railed |= codes.iter().any(|code| code.abs() >= RAIL);
        self.next_sample = Some(frame.sample + 1);
        true
    }

    fn hand_out(&self, frames: &Frames) -> Reading {
        self.counters.add_delivered(frames.len() as u64);
        let fit = self.clock.fit();
        let packets_per_frame = if self.settings.daisy() { 2.0 } else { 1.0 };
        self.counters.set_rate(fit.rate_hz / packets_per_frame, fit.ppm, fit.ppm_uncertainty);
        Reading::Block(self.block)
    }

    /// Counts what was lost since the last block, also where no packet has come since that would tell.
    fn count_the_end(&mut self) {
        let Some(last) = self.last else { return };
        let is_away = self.away_since_ns.is_some();
        let (cause, reached) = if let Some(frame) = self.waiting.take() {
            (self.cause.take().unwrap_or(Loss::Missed), frame.sample)
        } else if is_away || self.listened_ns - self.last_byte_ns > LATE_NS {
            let away_ns = self.now_ns().saturating_sub(last.arrival.monotonic_ns);
            let packets = last.n + 1 + (away_ns as f64 / 1e9 * self.clock.fit().rate_hz) as u64;
            let cause = if is_away { Loss::Outage } else { Loss::Missed };
            (cause, if self.settings.daisy() { packets / 2 } else { packets })
        } else {
            // What has not come by now is on its way.
            return;
        };
        // Frames that have come and are in no block are among them: they lie before what is lost.
        let lost = reached.saturating_sub(self.counters.conversions());
        self.counters.add_lost(cause, lost);
    }

    fn tell(&mut self, text: String) {
        let monotonic_ns = self.now_ns();
        if self.events.len() < self.events.capacity() {
            self.events.push_back(BoardEvent { monotonic_ns, text });
        }
    }

    /// The link is gone or the board given up: from now on, tries to bring it back.
    fn lose(&mut self, error: &CytonError) {
        let now_ns = self.now_ns();
        self.away_since_ns = self.away_since_ns.or(Some(now_ns));
        self.tell_once(error);
        self.link.close();
        self.state = State::SettingUp { set_up: SetUp::new(), from_ns: now_ns };
    }

    /// Tells why the board does not come back, unless that has been told.
    fn tell_once(&mut self, error: &CytonError) {
        let kind = discriminant(error);
        if self.told.replace(kind) != Some(kind) {
            self.tell(error.to_string());
        }
    }

    /// A step towards having it back.
    fn bring_back(&mut self) {
        let now_ns = self.now_ns();
        let State::SettingUp { set_up, from_ns } = &mut self.state else { return };
        if now_ns < *from_ns {
            self.link.sleep(LOOK_MS);
            return;
        }
        match set_up.advance(self.link.as_mut(), &self.settings) {
            Progress::Working => {}
            Progress::Done => {
                self.begin_streaming();
                self.counters.add_recovery();
            }
            Progress::Failed(error) => {
                self.link.close();
                self.state = State::SettingUp { set_up: SetUp::new(), from_ns: now_ns + RETRY_NS };
                self.tell_once(&error);
            }
        }
    }

    fn begin_streaming(&mut self) {
        self.framer.clear();
        self.last_byte_ns = self.listened_ns;
        self.state = State::Streaming { anew: true };
    }
}

impl Board for Cyton {
    fn open(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut set_up = SetUp::new();
        loop {
            match set_up.advance(self.link.as_mut(), &self.settings) {
                Progress::Working => {}
                Progress::Done => break,
                Progress::Failed(error) => {
                    self.link.close();
                    return Err(error.into());
                }
            }
        }
        self.begin_streaming();
        while self.waiting.is_none() {
            self.listen().inspect_err(|_| self.link.close())?;
            self.waiting = self.frame();
        }
        Ok(())
    }

    fn read(&mut self, frames_wanted: usize, frames: &mut Frames) -> Reading {
        let begun_ns = self.now_ns();
        loop {
            if let Some(event) = self.events.pop_front() {
                return Reading::Event(event);
            }
            while let Some(frame) = self.waiting.take().or_else(|| self.frame()) {
                if !self.append(frame, frames) || frames.len() >= frames_wanted {
                    return self.hand_out(frames);
                }
            }
            match self.state {
                State::Closed => return Reading::Idle,
                State::SettingUp { .. } => self.bring_back(),
                State::Streaming { .. } => {
                    if let Err(error) = self.listen() {
                        self.lose(&error);
                    }
                }
            }
            if self.now_ns() - begun_ns > u64::from(LOOK_MS) * 1_000_000 {
                return Reading::Idle;
            }
        }
    }

    fn time_ns(&mut self, sample: u64) -> u64 {
        // A frame of two packets is complete with the second.
        let n = if self.settings.daisy() { 2 * sample + 2 } else { sample };
        self.clock.time_ns(n)
    }

    fn counters(&self) -> Arc<BoardCounters> {
        Arc::clone(&self.counters)
    }

    fn now(&self) -> (u64, i64) {
        self.link.now()
    }

    fn close(&mut self) {
        if !matches!(self.state, State::Closed) {
            self.count_the_end();
            // It may be gone already; then there is nothing to stop.
            let _ = self.link.write(super::command::STOP);
            self.link.close();
            self.state = State::Closed;
        }
    }
}
