//! Cached meta arithmetic: what is computed from a sensor's description once, not once a packet.

use multiversion::multiversion;
use pipeline_core::{ChannelMeta, SensorMeta};
use std::sync::Arc;

/// Samples that are converted in one go at least: long loops fill the vector registers, 8 channels alone do not.
const RUN_SAMPLES: usize = 128;

/// Step and offset of every channel, looked up anew only when the sensor's description changes.
#[derive(Debug, Clone, Default)]
pub struct ScaleCache {
    sensor: Option<Arc<SensorMeta>>,
    /// Step of each sample of a run of whole frames.
    unit_per_code: Vec<f64>,
    /// Offset, likewise.
    unit_offset: Vec<f64>,
    /// Step and offset when all channels have the same, as those of one ADC at one gain: a third of the loads.
    common: Option<(f64, f64)>,
}

impl ScaleCache {
    /// Converts codes to physical values, `[frame][channel]`: `code * unit_per_code + unit_offset`, in f64, rounded
    /// to f32 once.
    pub fn convert(&mut self, sensor: &Arc<SensorMeta>, codes: &[i32], physical: &mut [f32]) {
        self.refresh(sensor);
        self.apply(codes, physical);
    }

    /// As [`convert`](Self::convert), for the sensor last seen.
    pub fn apply(&self, codes: &[i32], physical: &mut [f32]) {
        if let Some((step, offset)) = self.common {
            return scale_alike(step, offset, codes, physical);
        }
        let run = self.unit_per_code.len().max(1);
        for (codes, physical) in codes.chunks(run).zip(physical.chunks_mut(run)) {
            scale(&self.unit_per_code, &self.unit_offset, codes, physical);
        }
    }

    /// Looks at the sensor's description if it is another than last time.
    pub fn refresh(&mut self, sensor: &Arc<SensorMeta>) {
        if self.sensor.as_ref().is_some_and(|known| Arc::ptr_eq(known, sensor)) {
            return;
        }
        self.common = sensor.channels.first().map(|c| (c.unit_per_code, c.unit_offset));
        let alike = |c: &ChannelMeta| self.common == Some((c.unit_per_code, c.unit_offset));
        if !sensor.channels.iter().all(alike) {
            self.common = None;
        }
        self.unit_per_code.clear();
        self.unit_offset.clear();
        let frames = RUN_SAMPLES.div_ceil(sensor.channels.len().max(1));
        for _ in 0..frames {
            self.unit_per_code.extend(sensor.channels.iter().map(|c| c.unit_per_code));
            self.unit_offset.extend(sensor.channels.iter().map(|c| c.unit_offset));
        }
        self.sensor = Some(Arc::clone(sensor));
    }

    /// Makes room, so that the first packet does not allocate.
    pub fn for_sensor(sensor: &Arc<SensorMeta>) -> Self {
        let mut cache = Self::default();
        cache.refresh(sensor);
        cache
    }
}

/// On x86-64 compiled for the baseline, AVX2 and AVX-512; no product and sum are fused, so all give the same bits.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn scale_alike(step: f64, offset: f64, codes: &[i32], physical: &mut [f32]) {
    for (out, code) in physical.iter_mut().zip(codes) {
        *out = (f64::from(*code) * step + offset) as f32;
    }
}

/// As [`scale_alike`], each sample by a step and an offset of its own.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn scale(unit_per_code: &[f64], unit_offset: &[f64], codes: &[i32], physical: &mut [f32]) {
    let scale = unit_per_code.iter().zip(unit_offset);
    for ((out, code), (step, offset)) in physical.iter_mut().zip(codes).zip(scale) {
        *out = (f64::from(*code) * step + offset) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_gets_the_step_and_offset_of_its_channel() {
        for (channels, apart) in [1, 3, 8, 129, 300].into_iter().zip([1.0, 0.0].into_iter().cycle())
        {
            let channel = |n: usize| ChannelMeta {
                unit_per_code: 0.1 + apart * n as f64,
                unit_offset: 7.0 - 3.0 * apart * n as f64,
                ..ChannelMeta::microvolts("a")
            };
            let sensor = Arc::new(SensorMeta {
                channels: (0..channels).map(channel).collect(),
                ..SensorMeta::default()
            });
            let codes: Vec<i32> = (0..channels * 101).map(|n| n as i32 * 77 - 5000).collect();
            let mut physical = vec![0.0; codes.len()];
            ScaleCache::default().convert(&sensor, &codes, &mut physical);
            for (n, (code, got)) in codes.iter().zip(&physical).enumerate() {
                assert_eq!(*got, sensor.channels[n % channels].physical(*code) as f32, "{n}");
            }
        }
    }
}
