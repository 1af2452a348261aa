//! The form of a topic (sensor, rate, kind of values) and the `stream` message that tells it to clients.

use super::frame::{DTYPE_F32, dtype_of};
use axum::extract::ws::Utf8Bytes;
use plugin_api::{ChannelMeta, RtPacket, SensorMeta};
use serde_json::{Value, json};
use std::sync::Arc;

/// Unit of a topic whose channels have several.
const MIXED: &str = "mixed";
/// Unit of ADC codes.
const COUNT: &str = "count";

/// A topic in one form. A new form is a new stream with a new number.
#[derive(Debug)]
pub struct Stream {
    /// The number that its frames carry. Never used twice by a daemon.
    pub number: u32,
    /// The `stream` message.
    pub message: Utf8Bytes,
}

/// What has to stay the same for a stream to go on.
#[derive(Debug)]
pub(super) struct Form {
    sensor: Arc<SensorMeta>,
    rate_hz: f64,
    dtype: u8,
}

impl Form {
    pub(super) fn of(packet: &RtPacket) -> Self {
        let header = packet.header();
        Self {
            sensor: Arc::clone(&header.sensor),
            rate_hz: header.rate_hz,
            dtype: dtype_of(packet),
        }
    }

    /// Whether a packet has this form. Equal descriptions are the same sensor, wherever they lie in memory.
    pub(super) fn fits(&self, packet: &RtPacket) -> bool {
        let header = packet.header();
        let same_sensor = Arc::ptr_eq(&self.sensor, &header.sensor) || self.sensor == header.sensor;
        same_sensor && self.rate_is(packet) && self.dtype == dtype_of(packet)
    }

    pub(super) fn rate_is(&self, packet: &RtPacket) -> bool {
        self.rate_hz.to_bits() == packet.header().rate_hz.to_bits()
    }

    /// The stream of this form.
    pub(super) fn stream(&self, number: u32, topic: &str, config_revision: u64) -> Stream {
        let Self { sensor, rate_hz, dtype } = self;
        let physical = *dtype == DTYPE_F32;
        let channels: Vec<Value> = sensor.channels.iter().map(|c| channel(c, physical)).collect();
        let message = json!({
            "type": "stream",
            "stream": number,
            "topic": topic,
            "rate_hz": rate_hz,
            "unit": if physical { common_unit(sensor) } else { COUNT },
            "dtype": if physical { "f32" } else { "i32" },
            "channels": channels,
            "sensor": sensor.name,
            "sensor_id": sensor.sensor_id,
            "meta_rev": sensor.meta_rev,
            "config_revision": config_revision,
        });
        Stream { number, message: message.to_string().into() }
    }
}

/// `unit` is that of the values on the wire; for codes the rest says what they are worth.
fn channel(channel: &ChannelMeta, physical: bool) -> Value {
    let ChannelMeta { label, unit, gain, unit_per_code, unit_offset } = channel;
    if physical {
        return json!({ "label": label, "unit": unit });
    }
    json!({
        "label": label,
        "unit": COUNT,
        "physical_unit": unit,
        "unit_per_code": unit_per_code,
        "unit_offset": unit_offset,
        "gain": gain,
    })
}

fn common_unit(sensor: &SensorMeta) -> &str {
    let mut units = sensor.channels.iter().map(|c| c.unit.as_str());
    match units.next() {
        Some(first) if units.all(|unit| unit == first) => first,
        Some(_) => MIXED,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(dtype: u8, channels: Vec<ChannelMeta>) -> Form {
        let sensor = SensorMeta {
            name: "Cyton".to_owned(),
            sensor_id: 1,
            meta_rev: 2,
            channels,
            vref_uv: None,
            ..SensorMeta::default()
        };
        Form { sensor: Arc::new(sensor), rate_hz: 250.0, dtype }
    }

    #[test]
    fn the_message_of_microvolts_is_the_contract_s() {
        let stream = form(1, vec![ChannelMeta::microvolts("Fp1")]).stream(7, "eeg", 3);
        let expected = r#"{"type":"stream","stream":7,"topic":"eeg","rate_hz":250.0,"unit":"uV","dtype":"f32","#.to_owned()
            + r#""channels":[{"label":"Fp1","unit":"uV"}],"sensor":"Cyton","sensor_id":1,"meta_rev":2,"config_revision":3}"#;
        assert_eq!(stream.message.as_str(), expected);
    }

    #[test]
    fn codes_come_with_what_they_are_worth() {
        let stream =
            form(0, vec![ChannelMeta::adc24("Fp1", 4_500_000.0, 24.0)]).stream(7, "eeg", 3);
        let message: Value = serde_json::from_str(&stream.message).unwrap();
        assert_eq!((&message["unit"], &message["dtype"]), (&json!("count"), &json!("i32")));
        let channel = json!({
            "label": "Fp1", "unit": "count", "physical_unit": "uV",
            "unit_per_code": 0.022_351_741_790_771_484, "unit_offset": 0.0, "gain": 24.0,
        });
        assert_eq!(message["channels"][0], channel);
    }

    #[test]
    fn channels_of_several_units_have_no_common_one() {
        let accelerometer = ChannelMeta { unit: "g".to_owned(), ..ChannelMeta::microvolts("acc") };
        let stream =
            form(1, vec![ChannelMeta::microvolts("Fp1"), accelerometer]).stream(1, "eeg", 0);
        let message: Value = serde_json::from_str(&stream.message).unwrap();
        assert_eq!(
            (&message["unit"], &message["channels"][1]["unit"]),
            (&json!("mixed"), &json!("g"))
        );
    }
}
