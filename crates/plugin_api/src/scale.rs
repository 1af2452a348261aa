//! Cached meta arithmetic: what is computed from a sensor's description once, not once a packet.

use pipeline_core::SensorMeta;
use std::sync::Arc;

/// Step and offset of every channel, looked up anew only when the sensor's description changes.
#[derive(Debug, Clone, Default)]
pub struct ScaleCache {
    sensor: Option<Arc<SensorMeta>>,
    unit_per_code: Vec<f64>,
    unit_offset: Vec<f64>,
}

impl ScaleCache {
    /// Converts codes to physical values, `[frame][channel]`: `code * unit_per_code + unit_offset`, in f64, rounded
    /// to f32 once.
    pub fn convert(&mut self, sensor: &Arc<SensorMeta>, codes: &[i32], physical: &mut [f32]) {
        self.refresh(sensor);
        let channels = self.unit_per_code.len().max(1);
        for (codes, out) in codes.chunks_exact(channels).zip(physical.chunks_exact_mut(channels)) {
            let scale = self.unit_per_code.iter().zip(&self.unit_offset);
            for ((out, code), (step, offset)) in out.iter_mut().zip(codes).zip(scale) {
                *out = (f64::from(*code) * step + offset) as f32;
            }
        }
    }

    fn refresh(&mut self, sensor: &Arc<SensorMeta>) {
        if self.sensor.as_ref().is_some_and(|known| Arc::ptr_eq(known, sensor)) {
            return;
        }
        self.unit_per_code.clear();
        self.unit_offset.clear();
        self.unit_per_code.extend(sensor.channels.iter().map(|c| c.unit_per_code));
        self.unit_offset.extend(sensor.channels.iter().map(|c| c.unit_offset));
        self.sensor = Some(Arc::clone(sensor));
    }

    /// Makes room, so that the first packet does not allocate.
    pub fn for_sensor(sensor: &Arc<SensorMeta>) -> Self {
        let mut cache = Self::default();
        cache.refresh(sensor);
        cache
    }
}
