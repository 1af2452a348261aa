//! Gaps of EDF+D and BDF+D: from the time-keeping of the records to samples lost.

/// Samples that fit between the end of one record and the start of the next: `round(gap * rate)`, in integers.
///
/// The rate is `samples_per_record / duration_ns`. Less than half a sample is no gap, so that onsets rounded by
/// the writer never add up to a false one; a start before the end of the previous record gives 0.
pub(super) fn samples_in_gap(gap_ns: i128, samples_per_record: u64, duration_ns: i64) -> u64 {
    let duration = i128::from(duration_ns.max(1));
    let doubled = gap_ns * i128::from(samples_per_record) * 2 + duration;
    u64::try_from((doubled.div_euclid(2 * duration)).max(0)).unwrap_or(u64::MAX)
}

/// Whether a record starts so far before the end of the previous one that it cannot be rounding.
pub(super) fn overlaps(gap_ns: i128, samples_per_record: u64, duration_ns: i64) -> bool {
    gap_ns < 0 && samples_in_gap(-gap_ns, samples_per_record, duration_ns) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i128 = 1_000_000_000;

    #[test]
    fn whole_and_fractional_gaps() {
        assert_eq!(samples_in_gap(S, 250, S as i64), 250);
        assert_eq!(samples_in_gap(2 * S, 128, 10 * S as i64), 26); // 2 s at 12.8 Hz = 25.6
        assert_eq!(samples_in_gap(4_000_000, 250, S as i64), 1);
        assert_eq!(samples_in_gap(1_999_999, 250, S as i64), 0);
        assert_eq!(samples_in_gap(2_000_000, 250, S as i64), 1);
    }

    #[test]
    fn rounding_of_onsets_is_no_gap_and_an_overlap_is_seen() {
        assert_eq!(samples_in_gap(333, 250, S as i64), 0);
        assert_eq!(samples_in_gap(-S, 250, S as i64), 0);
        assert!(!overlaps(-333, 250, S as i64));
        assert!(overlaps(-S, 250, S as i64));
    }

    #[test]
    fn hours_and_absurd_values_do_not_overflow() {
        assert_eq!(samples_in_gap(36_000 * S, 16_000, S as i64), 576_000_000);
        assert_eq!(samples_in_gap(i128::from(i64::MAX) * 2, 99_999_999, 1), u64::MAX);
    }
}
