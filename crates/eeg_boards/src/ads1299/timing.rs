//! How long things take the chip, in periods of its clock (data sheet sections 7.6, 9.4 and 11.1).

use super::settings::Rate;

/// The internal oscillator; also what an external clock usually is.
pub const CLOCK_HZ: f64 = 2_048_000.0;
/// How far the internal oscillator may be off, -40 to 85 degrees C (section 7.5).
pub const OSCILLATOR_TOLERANCE: f64 = 0.025;

/// From the supplies' rise (and a running clock) to the RESET pulse (section 11.1; an older revision said a quarter of it, and one in
/// fifty power-ups failed).
pub const POWER_UP_CLOCKS: u64 = 1 << 18;
/// The RESET pulse itself.
pub const RESET_PULSE_CLOCKS: u64 = 2;
/// From RESET (pin or command) to the first command.
pub const AFTER_RESET_CLOCKS: u64 = 18;
/// A command byte needs so long to be decoded: to the end of the next one, and to the rise of CS.
pub const DECODE_CLOCKS: u64 = 4;
/// So close to DRDY the chip does not take RDATAC.
pub const UPDATE_CLOCKS: u64 = 4;
/// From the internal reference's start to its final voltage.
pub const REFERENCE_MS: u64 = 150;

/// From START to the first DRDY, whose conversion is settled (table 7): four periods and nine clocks.
pub const fn first_drdy_clocks(rate: Rate) -> u64 {
    4 * rate.clocks() + 9
}

/// The slowest clock the chip may have (section 7.6). Waits are long enough for it, so that a board whose clock is not what it is
/// said to be still gets as far as having its rate measured.
const SLOWEST_CLOCK_HZ: f64 = 1_500_000.0;

/// A wait of so many clocks, in nanoseconds.
pub fn wait_ns(clocks: u64, clock_hz: f64) -> u64 {
    let slowest_hz = (clock_hz * (1.0 - OSCILLATOR_TOLERANCE)).min(SLOWEST_CLOCK_HZ);
    (clocks as f64 / slowest_hz * 1e9).ceil() as u64
}

/// Delay of the decimation filter, a sinc of third order, in conversions: what DRDY announces was centred on so long before
/// (section 9.3.2.2).
pub const GROUP_DELAY_SAMPLES: f64 = 1.5;

/// The gain of the decimation filter at a frequency, as a share of the gain at 0 Hz (section 9.3.2.2).
///
/// ```
/// use eeg_boards::ads1299::timing::sinc3;
/// let db = |hz: f64, sps: f64| 20.0 * sinc3(hz / sps).abs().log10();
/// assert!((db(50.0, 250.0) + 1.74).abs() < 0.01);
/// assert!((db(0.262 * 1000.0, 1000.0) + 3.0).abs() < 0.02);
/// ```
pub fn sinc3(cycles_per_sample: f64) -> f64 {
    let x = std::f64::consts::PI * cycles_per_sample;
    if x == 0.0 { 1.0 } else { (x.sin() / x).powi(3) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads1299::RATES_SPS;

    #[test]
    fn first_data_ready_is_that_of_table_7() {
        // From 250 to 16000 samples a second.
        let table: [u64; 7] = [32_777, 16_393, 8201, 4105, 2057, 1033, 521];
        for (sps, clocks) in RATES_SPS.into_iter().zip(table) {
            let rate = Rate::from_sps(sps).unwrap();
            assert_eq!(first_drdy_clocks(rate), clocks, "{sps}");
            assert_eq!(CLOCK_HZ / rate.clocks() as f64, f64::from(sps));
        }
    }

    #[test]
    fn waits_are_long_enough_for_the_slowest_clock() {
        assert_eq!(wait_ns(POWER_UP_CLOCKS, CLOCK_HZ), 174_762_667);
        assert_eq!(wait_ns(DECODE_CLOCKS, CLOCK_HZ), 2667);
        assert_eq!(wait_ns(AFTER_RESET_CLOCKS, CLOCK_HZ), 12_000);
    }
}
