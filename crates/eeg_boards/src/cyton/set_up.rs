//! Bringing the board from whatever it does to streaming: command, answer, next command. In small steps, so that a board that went away
//! can be brought back while the caller goes on.

use super::PACKETS_PER_S;
use super::command::{self, Banner};
use super::error::CytonError;
use super::link::Link;
use crate::ads1299::settings::{Channel, Current, Drive, Input, LeadOff, Reference};

/// What the board is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CytonSettings {
    /// One for each channel: 8, or 16 with the daisy.
    pub channels: Vec<Channel>,
    /// Where the reference is. The board's own is `Srb2`, electrodes at the inverting inputs: codes count reference minus electrode.
    pub reference: Reference,
    /// Whether the channels take part in the bias.
    pub bias: bool,
    /// The lead-off current; the firmware knows 6 nA at 31.25 Hz only.
    pub lead_off: Option<LeadOff>,
}

impl CytonSettings {
    /// Whether the daisy is needed.
    pub fn daisy(&self) -> bool {
        self.channels.len() > 8
    }

    /// Samples a second: 250, or 125 with the daisy.
    pub fn rate_hz(&self) -> f64 {
        if self.daisy() { PACKETS_PER_S / 2.0 } else { PACKETS_PER_S }
    }

    /// Whether the board can do this.
    ///
    /// # Errors
    /// What it cannot.
    pub fn check(&self) -> Result<(), CytonError> {
        if ![8, 16].contains(&self.channels.len()) {
            return Err(CytonError::Channels(self.channels.len()));
        }
        match self.lead_off {
            Some(LeadOff { current: Current::Na6, drive: Drive::Hz31, .. }) | None => Ok(()),
            Some(_) => Err(CytonError::LeadOff),
        }
    }
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Progress {
    Working,
    /// The board streams from now on.
    Done,
    Failed(CytonError),
}

/// One thing after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Open,
    /// Waits until the line has been quiet for a while.
    Hush,
    Reset,
    Daisy,
    TestSignal,
    Channel(usize),
    LeadOff(usize),
    Time,
    Start,
}

/// The set-up under way.
#[derive(Debug)]
pub(super) struct SetUp {
    step: Step,
    /// Whether the command of this step has been sent.
    sent: bool,
    /// How often it was not done: a byte may be lost on the radio link.
    failures: u32,
    deadline_ns: u64,
    answer: Vec<u8>,
    banner: Banner,
}

/// How long the line must be quiet before the board counts as stopped, and how long that may take.
const HUSH_MS: u32 = 200;
const HUSH_WITHIN_MS: u64 = 3_000;
/// How long the board may take over a reset (it sleeps for half a second) and over anything else.
const RESET_MS: u64 = 4_000;
const ANSWER_MS: u64 = 1_500;
/// No answer is longer.
const ANSWER_BYTES: usize = 4_096;
/// How often a command is tried.
const TRIES: u32 = 3;
/// How long one look at the line takes at most.
pub(super) const LOOK_MS: u32 = 50;

impl SetUp {
    pub(super) fn new() -> Self {
        Self {
            step: Step::Open,
            sent: false,
            failures: 0,
            deadline_ns: 0,
            answer: Vec::with_capacity(ANSWER_BYTES),
            banner: Banner { daisy: false, firmware: None },
        }
    }

    /// Goes a little further. Waits for some 50 ms at most.
    pub(super) fn advance(&mut self, link: &mut dyn Link, settings: &CytonSettings) -> Progress {
        match self.try_advance(link, settings) {
            Ok(false) => Progress::Working,
            Ok(true) => Progress::Done,
            Err(CytonError::Refused { .. }) if self.failures + 1 < TRIES => {
                self.failures += 1;
                self.sent = false;
                Progress::Working
            }
            Err(error) => Progress::Failed(error),
        }
    }

    fn try_advance(
        &mut self,
        link: &mut dyn Link,
        settings: &CytonSettings,
    ) -> Result<bool, CytonError> {
        let gone = |link: &dyn Link, error| CytonError::Gone { port: link.name(), error };
        if !self.sent {
            if self.step == Step::Open {
                link.open().map_err(|error| CytonError::Open { port: link.name(), error })?;
            }
            self.answer.clear();
            let command = self.command(settings);
            link.write(&command).map_err(|error| gone(link, error))?;
            self.sent = true;
            self.deadline_ns = link.now().0 + self.patience_ms() * 1_000_000;
        }
        if self.expected(settings).is_none() && self.step != Step::Hush {
            return Ok(self.go_on(settings));
        }
        let mut bytes = [0; 512];
        let wait_ms = if self.step == Step::Hush { HUSH_MS } else { LOOK_MS };
        let count = link.read(&mut bytes, wait_ms).map_err(|error| gone(link, error))?;
        if self.step == Step::Hush {
            let quiet = count == 0 || link.now().0 > self.deadline_ns;
            return Ok(quiet && self.go_on(settings));
        }
        let room = ANSWER_BYTES - self.answer.len();
        self.answer.extend_from_slice(&bytes[..count.min(room)]);
        if self.answer.windows(command::END.len()).any(|end| end == command::END) {
            self.judge(link, settings)?;
            return Ok(self.go_on(settings));
        }
        if link.now().0 > self.deadline_ns {
            self.late(link, settings)?;
            return Ok(self.go_on(settings));
        }
        Ok(false)
    }

    /// What is said in this step.
    fn command(&self, settings: &CytonSettings) -> Vec<u8> {
        match self.step {
            Step::Open | Step::Hush => command::STOP.to_vec(),
            Step::Reset => command::RESET.to_vec(),
            Step::Daisy if settings.daisy() => command::ATTACH_DAISY.to_vec(),
            Step::Daisy => command::REMOVE_DAISY.to_vec(),
            Step::TestSignal => command::TEST_SIGNAL.to_vec(),
            Step::Channel(n) => {
                let CytonSettings { channels, reference, bias, .. } = settings;
                command::set_channel(n, channels[n], *reference, *bias).to_vec()
            }
            Step::LeadOff(n) => {
                let sides = |lead_off: LeadOff| lead_off.sides(settings.reference);
                let (positive, negative) = settings.lead_off.map_or((false, false), sides);
                command::set_lead_off(n, positive, negative).to_vec()
            }
            Step::Time => command::TIME_ON.to_vec(),
            Step::Start => command::START.to_vec(),
        }
    }

    /// What has to occur in the answer; `None` when there is none.
    fn expected(&self, settings: &CytonSettings) -> Option<String> {
        match self.step {
            Step::Open | Step::Hush | Step::Start => None,
            Step::Reset => Some("ADS1299".to_owned()),
            Step::Daisy if settings.daisy() => Some("16".to_owned()),
            Step::Daisy => Some("daisy removed".to_owned()),
            Step::TestSignal => Some("Success: Configured internal test signal.".to_owned()),
            Step::Channel(n) => Some(format!("Success: Channel set for {}", n + 1)),
            Step::LeadOff(n) => Some(format!("Success: Lead off set for {}", n + 1)),
            Step::Time => Some("Time stamp ON".to_owned()),
        }
    }

    const fn patience_ms(&self) -> u64 {
        match self.step {
            Step::Hush => HUSH_WITHIN_MS,
            Step::Reset => RESET_MS,
            _ => ANSWER_MS,
        }
    }

    fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.answer);
        text.split("$$$").next().unwrap_or_default().trim().to_owned()
    }

    fn judge(&mut self, link: &dyn Link, settings: &CytonSettings) -> Result<(), CytonError> {
        let answer = self.said();
        if answer.contains("Failure: Communications") {
            return Err(CytonError::NoBoard { port: link.name(), answer });
        }
        if self.step == Step::Reset {
            self.banner = Banner::parse(&answer)
                .ok_or_else(|| CytonError::NotACyton { port: link.name(), answer })?;
            return Ok(());
        }
        if self.step == Step::Daisy && settings.daisy() && answer.contains("no daisy") {
            return Err(CytonError::NoDaisy);
        }
        match self.expected(settings) {
            Some(expected) if !is_in(&answer, &expected) => Err(CytonError::Refused {
                command: String::from_utf8_lossy(&self.command(settings)).into_owned(),
                answer,
                expected,
            }),
            _ => Ok(()),
        }
    }

    /// What it means that no answer has come.
    fn late(&self, link: &dyn Link, settings: &CytonSettings) -> Result<(), CytonError> {
        if self.step == Step::Reset {
            return Err(CytonError::Silent { port: link.name() });
        }
        Err(CytonError::Refused {
            command: String::from_utf8_lossy(&self.command(settings)).into_owned(),
            answer: self.said(),
            expected: self.expected(settings).unwrap_or_default(),
        })
    }

    /// To the next step that there is something to do in. True when there is none.
    fn go_on(&mut self, settings: &CytonSettings) -> bool {
        (self.sent, self.failures) = (false, 0);
        let channels = settings.channels.len();
        loop {
            self.step = match self.step {
                Step::Open => Step::Hush,
                Step::Hush => Step::Reset,
                Step::Reset => Step::Daisy,
                Step::Daisy => Step::TestSignal,
                Step::TestSignal => Step::Channel(0),
                Step::Channel(n) if n + 1 < channels => Step::Channel(n + 1),
                Step::Channel(_) => Step::LeadOff(0),
                Step::LeadOff(n) if n + 1 < channels => Step::LeadOff(n + 1),
                Step::LeadOff(_) => Step::Time,
                Step::Time => Step::Start,
                Step::Start => return true,
            };
            let needed = match self.step {
                Step::Daisy => settings.daisy() != self.banner.daisy,
                Step::TestSignal => {
                    let test = |channel: &Channel| channel.input == Input::TestSignal;
                    settings.channels.iter().any(test)
                }
                Step::LeadOff(_) => settings.lead_off.is_some(),
                // Version 1 of the firmware does not know it.
                Step::Time => self.banner.firmware.is_some(),
                _ => true,
            };
            if needed {
                return false;
            }
        }
    }
}

/// Whether the answer has these words, and not `Channel set for 16` for `Channel set for 1`.
fn is_in(answer: &str, expected: &str) -> bool {
    answer.match_indices(expected).any(|(at, _)| {
        !answer[at + expected.len()..].starts_with(|next: char| next.is_ascii_digit())
    })
}
