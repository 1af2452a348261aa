//! The numbers of the ADS1299 that are true of every board built around it (TI data sheet SBAS499C).

/// Internal reference in microvolts (section 7.5).
pub const VREF_UV: f64 = 4_500_000.0;

/// Gains the input amplifiers have (section 9.6.1, the `CHnSET` registers).
pub const GAINS: [u32; 7] = [1, 2, 4, 6, 8, 12, 24];

/// Output data rates in samples per second (section 9.6.1, CONFIG1).
pub const RATES_SPS: [u32; 7] = [250, 500, 1000, 2000, 4000, 8000, 16_000];

/// The largest and smallest codes: 24-bit two's complement (section 9.5.1).
pub const CODE_RANGE: (i32, i32) = (-(1 << 23), (1 << 23) - 1);

/// Microvolts per code at a gain: full scale / 2^23 (equation 8).
///
/// ```
/// assert_eq!(eeg_boards::ads1299::step_uv(24.0), 0.022351741790771484375);
/// ```
pub fn step_uv(gain: f64) -> f64 {
    VREF_UV / gain / f64::from(1 << 23)
}
