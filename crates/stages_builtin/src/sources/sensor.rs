//! What `sensors:` says about a board, with every mistake in it at once.

use eeg_boards::Signal;
use plugin_api::{ConfigError, StageInitCtx, nearest};
use serde::Deserialize;
use serde_json::{Map, Value};

const DRIVERS: [&str; 1] = ["simulated"];
const KEYS: [&str; 5] = ["driver", "channels", "labels", "seed", "signals"];

/// One entry of `sensors:`.
#[derive(Debug, Deserialize)]
pub(super) struct Sensor {
    driver: String,
    /// Number of channels.
    #[serde(default = "eight")]
    pub(super) channels: usize,
    /// Their names; without it `ch1`, `ch2`, ...
    pub(super) labels: Option<Vec<String>>,
    /// Another seed, another noise.
    #[serde(default)]
    pub(super) seed: u64,
    /// What the channels show, added up; without it something that looks like EEG.
    pub(super) signals: Option<Vec<Signal>>,
}

const fn eight() -> usize {
    8
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
                return Ok(Self {
                    driver: DRIVERS[0].to_owned(),
                    channels: eight(),
                    labels: None,
                    seed: 0,
                    signals: None,
                });
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
        Self::parse(board, entry)
    }

    fn parse(board: u32, entry: &Map<String, Value>) -> Result<Self, Vec<ConfigError>> {
        let mut mistakes: Vec<ConfigError> = entry
            .keys()
            .filter(|key| !KEYS.contains(&key.as_str()))
            .map(|key| setting(board, key, format!("a sensor has no `{key}`{}", meant(key, &KEYS))))
            .collect();
        // One key at a time, so that a mistake in one does not hide those in the others.
        for (key, value) in entry.iter().filter(|(key, _)| KEYS.contains(&key.as_str())) {
            let mut alone: Map<String, Value> =
                [("driver".to_owned(), Value::from(DRIVERS[0]))].into_iter().collect();
            alone.insert(key.clone(), value.clone());
            match serde_json::from_value::<Self>(Value::Object(alone)) {
                Err(error) => mistakes.push(setting(board, key, format!("`{key}`: {error}"))),
                Ok(sensor) => mistakes.extend(sensor.check(board)),
            }
        }
        if !entry.contains_key("driver") {
            mistakes.push(setting(
                board,
                "",
                format!("a sensor needs `driver` (known: {})", DRIVERS.join(", ")),
            ));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let sensor: Self = serde_json::from_value(Value::Object(entry.clone()))
            .map_err(|error| setting(board, "", error.to_string()))?;
        match &sensor.labels {
            Some(labels) if labels.len() != sensor.channels => {
                let message = format!("{} labels for {} channels", labels.len(), sensor.channels);
                Err(setting(board, "labels", message).into())
            }
            _ => Ok(sensor),
        }
    }

    /// What is wrong with a sensor whatever its other settings.
    fn check(&self, board: u32) -> Option<ConfigError> {
        if !DRIVERS.contains(&self.driver.as_str()) {
            let (hint, known) = (meant(&self.driver, &DRIVERS), DRIVERS.join(", "));
            let message = format!("there is no driver `{}`{hint} (known: {known})", self.driver);
            return Some(setting(board, "driver", message));
        }
        if !(1..=64).contains(&self.channels) {
            let message = format!("`channels` must be from 1 to 64, not {}", self.channels);
            return Some(setting(board, "channels", message));
        }
        None
    }
}

fn meant(name: &str, known: &[&str]) -> String {
    nearest(name, known.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn setting(board: u32, key: &str, message: String) -> ConfigError {
    let path = if key.is_empty() {
        format!("/sensors/{board}")
    } else {
        format!("/sensors/{board}/{key}")
    };
    ConfigError::Setting { path, message }
}
