//! What `sensors:` says about a board, with every mistake in it at once.

use super::AcquireDesc;
use super::ads1299::Ads1299Sensor;
use super::cyton::CytonSensor;
use super::simulated::SimulatedSensor;
use eeg_boards::Board;
use eeg_boards::ads1299::settings::{Channel, Reference};
use plugin_api::{ConfigError, StageInitCtx, nearest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const DRIVERS: [&str; 3] = ["simulated", "ads1299", "cyton"];

/// One entry of `sensors:`.
pub(super) enum Sensor {
    Simulated(Box<SimulatedSensor>),
    Ads1299(Box<Ads1299Sensor>),
    Cyton(Box<CytonSensor>),
}

/// What a pipeline wants to know of a board that it has not opened.
pub(super) struct About {
    /// What it is, for people.
    pub(super) name: &'static str,
    /// Conversions a second inside it: what its filter's delay is a multiple of.
    pub(super) converts_at_hz: f64,
    /// Periods of the chips' clock in a conversion.
    pub(super) clocks: u64,
    /// Conversions in a sample, which is their mean.
    pub(super) conversions: u64,
}

/// A driver's settings under `sensors:`.
pub(super) trait Settings: DeserializeOwned {
    /// The keys it knows beside `driver`.
    const KEYS: &'static [&'static str];
    /// The keys it cannot do without.
    const NEEDS: &'static [&'static str] = &[];

    /// What is wrong with it, whatever `acquire` wants: the key, and a sentence.
    fn mistakes(&self) -> Vec<(&'static str, String)>;
}

impl Sensor {
    /// The entry of a board. Without any `sensors:`, board 0 is simulated, and a warning says so.
    pub(super) fn find(board: u32, ctx: &StageInitCtx) -> Result<Self, Vec<ConfigError>> {
        let described = ctx.sensors.as_object().filter(|map| !map.is_empty());
        let Some(described) = described else {
            if board == 0 {
                (ctx.warn)(
                    "board 0 is simulated: there is no `sensors:` to say what is connected"
                        .to_owned(),
                );
                return Ok(Self::Simulated(Box::default()));
            }
            let message = format!("there is no board {board}: describe it under `sensors:`");
            return Err(ConfigError::param_message("board", message).into());
        };
        let Some(entry) = described.get(&board.to_string()) else {
            let known: Vec<&str> = described.keys().map(String::as_str).collect();
            let message =
                format!("there is no board {board} under `sensors:`, only {}", known.join(", "));
            return Err(ConfigError::param_message("board", message).into());
        };
        let Some(entry) = entry.as_object() else {
            let message = format!("a sensor is a mapping: `{board}: {{ driver: simulated }}`");
            return Err(setting(board, "", message).into());
        };
        match entry.get("driver").and_then(Value::as_str) {
            Some("ads1299") => Ok(Self::Ads1299(Box::new(parse(board, entry)?))),
            Some("cyton") => Ok(Self::Cyton(Box::new(parse(board, entry)?))),
            Some("simulated") => Ok(Self::Simulated(Box::new(parse(board, entry)?))),
            driver => {
                let mistake = wrong_driver(board, entry, driver);
                // The other mistakes all the same.
                let others = parse::<SimulatedSensor>(board, entry).err().unwrap_or_default();
                Err([mistake].into_iter().chain(others).collect())
            }
        }
    }

    /// How many channels it gives.
    pub(super) fn channels(&self) -> usize {
        match self {
            Self::Simulated(sensor) => sensor.channels,
            Self::Ads1299(sensor) => sensor.channels(),
            Self::Cyton(sensor) => sensor.channels,
        }
    }

    /// Their names.
    pub(super) fn labels(&self) -> Option<&Vec<String>> {
        match self {
            Self::Simulated(sensor) => sensor.labels.as_ref(),
            Self::Ads1299(sensor) => sensor.labels.as_ref(),
            Self::Cyton(sensor) => sensor.labels.as_ref(),
        }
    }

    /// Where its reference is.
    pub(super) const fn reference(&self) -> Reference {
        match self {
            Self::Simulated(sensor) => sensor.reference,
            Self::Ads1299(sensor) => sensor.reference,
            Self::Cyton(sensor) => sensor.reference,
        }
    }

    /// The board as `acquire` wants it; not opened.
    pub(super) fn board(
        &self,
        acquire: &AcquireDesc,
        channels: &[Channel],
        ctx: &StageInitCtx,
    ) -> Result<(Box<dyn Board>, About), Vec<ConfigError>> {
        match self {
            Self::Simulated(sensor) => sensor.board(acquire, channels, ctx),
            Self::Ads1299(sensor) => sensor.board(acquire, channels).map_err(Into::into),
            Self::Cyton(sensor) => sensor.board(acquire, channels),
        }
    }
}

fn wrong_driver(board: u32, entry: &Map<String, Value>, driver: Option<&str>) -> ConfigError {
    let known = DRIVERS.join(", ");
    match (driver, entry.get("driver")) {
        (Some(driver), _) => {
            let hint = meant(driver, &DRIVERS);
            setting(
                board,
                "driver",
                format!("there is no driver `{driver}`{hint} (known: {known})"),
            )
        }
        (None, Some(_)) => setting(board, "driver", format!("`driver` is a name (known: {known})")),
        (None, None) => setting(board, "", format!("a sensor needs `driver` (known: {known})")),
    }
}

fn parse<T: Settings>(board: u32, entry: &Map<String, Value>) -> Result<T, Vec<ConfigError>> {
    let known = |key: &String| key == "driver" || T::KEYS.contains(&key.as_str());
    let mut mistakes: Vec<ConfigError> = entry
        .keys()
        .filter(|key| !known(key))
        .map(|key| {
            let hint = meant(key, T::KEYS);
            setting(board, key, format!("a sensor has no `{key}`{hint}"))
        })
        .collect();
    for key in T::NEEDS.iter().filter(|key| !entry.contains_key(**key)) {
        mistakes.push(setting(board, "", format!("a sensor with this driver needs `{key}`")));
    }
    let mut settings: Map<String, Value> = entry.clone();
    settings.retain(|key, _| key != "driver" && known(key));
    // One key at a time, so that a mistake in one does not hide those in the others.
    for (key, value) in &settings {
        let alone = [(key.clone(), value.clone())].into_iter().collect();
        if let Err(error) = serde_json::from_value::<T>(Value::Object(alone)) {
            mistakes.push(setting(board, key, format!("`{key}`: {error}")));
        }
    }
    settings.retain(|key, _| !mistakes.iter().any(|mistake| names(mistake, board, key)));
    match serde_json::from_value::<T>(Value::Object(settings)) {
        Ok(sensor) => {
            let more = sensor.mistakes().into_iter();
            mistakes.extend(more.map(|(key, message)| setting(board, key, message)));
            if mistakes.is_empty() { Ok(sensor) } else { Err(mistakes) }
        }
        Err(error) => {
            mistakes.push(setting(board, "", error.to_string()));
            Err(mistakes)
        }
    }
}

fn names(mistake: &ConfigError, board: u32, key: &str) -> bool {
    matches!(mistake, ConfigError::Setting { path, .. } if *path == format!("/sensors/{board}/{key}"))
}

/// Labels are as many as channels.
pub(super) fn check_labels(
    labels: Option<&Vec<String>>,
    channels: usize,
) -> Option<(&'static str, String)> {
    let labels = labels.filter(|labels| labels.len() != channels)?;
    Some(("labels", format!("{} labels for {channels} channels", labels.len())))
}

fn meant(name: &str, known: &[&str]) -> String {
    nearest(name, known.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

pub(super) fn setting(board: u32, key: &str, message: String) -> ConfigError {
    let path = if key.is_empty() {
        format!("/sensors/{board}")
    } else {
        format!("/sensors/{board}/{key}")
    };
    ConfigError::Setting { path, message }
}
