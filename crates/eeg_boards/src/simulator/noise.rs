//! Random numbers that depend on where they are alone, so that the same bench makes the same noise each time.

/// A number with a mean of 0 and an rms of 1 that depends on where it is alone: the sum of the four parts of a hash
/// (splitmix64, Steele et al. 2014), nearly Gaussian.
pub(super) fn unit(seed: u64, channel: u64, sample: u64) -> f64 {
    let mut x = seed
        .wrapping_add(channel.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(sample.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    let sum = (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48);
    (sum as f64 - 131_070.0) / (65_536.0 / 3.0_f64.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_noise_is_white_and_of_unit_power() {
        let x: Vec<f64> = (0..100_000).map(|n| unit(1, 3, n)).collect();
        let mean = x.iter().sum::<f64>() / 1e5;
        let power = x.iter().map(|x| x * x).sum::<f64>() / 1e5;
        let next = x.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (power - 1.0).abs() < 0.02 && next.abs() < 0.01);
        let other = (0..100_000).map(|n| unit(1, 4, n) * x[n as usize]).sum::<f64>() / 1e5;
        assert!(other.abs() < 0.01);
    }
}
