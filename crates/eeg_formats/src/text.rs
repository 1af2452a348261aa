//! Header text as found in the wild: padded with spaces or NULs, UTF-8 or Latin-1.

/// Text of a field: padding and control characters removed; UTF-8 where it is valid, else Latin-1.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // The first 256 code points of Unicode are Latin-1.
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}

/// Text of several lines: UTF-8 where it is valid, else Latin-1; nothing removed.
pub(crate) fn decode_lines(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Text of a numeric field: ends at the first NUL, a comma becomes a decimal point.
pub(crate) fn decode_number(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).filter(|&end| end > 0).unwrap_or(bytes.len());
    decode(&bytes[..end]).replace(',', ".")
}

/// A finite number.
pub(crate) fn parse_f64(text: &str) -> Option<f64> {
    text.parse().ok().filter(|x: &f64| x.is_finite())
}

/// A whole number; `-8388608.0` is one.
pub(crate) fn parse_i64(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        parse_f64(text).filter(|x| x.fract() == 0.0 && x.abs() < 1e15).map(|x| x as i64)
    })
}

/// Seconds as text, exactly, in nanoseconds; digits beyond the ninth decimal are rounded.
pub(crate) fn parse_seconds_ns(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + decimals.len() == 0 {
        return None;
    }
    let ns = if plain(whole) && plain(decimals) {
        let whole_s: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut fraction_ns = 0_i64;
        for place in 0..9 {
            let digit = decimals.as_bytes().get(place).map_or(0, |b| i64::from(b - b'0'));
            fraction_ns = fraction_ns * 10 + digit;
        }
        if decimals.as_bytes().get(9).is_some_and(|&b| b >= b'5') {
            fraction_ns += 1;
        }
        whole_s.checked_mul(1_000_000_000)?.checked_add(fraction_ns)?
    } else {
        // `1e-3`: not allowed by the standard, but seen.
        let ns = (parse_f64(&digits.replace(',', "."))? * 1e9).round();
        if !(0.0..9.2e18).contains(&ns) {
            return None;
        }
        ns as i64
    };
    Some(if negative { -ns } else { ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_encodings() {
        assert_eq!(decode(b"Fc5.            "), "Fc5.");
        assert_eq!(decode(b"Cz\0\0\0\0"), "Cz");
        assert_eq!(decode(b"\xb5V      "), "\u{b5}V");
        assert_eq!(decode("\u{b5}V".as_bytes()), "\u{b5}V");
        assert_eq!(decode("Schläfe".as_bytes()), "Schläfe");
        assert_eq!(decode(b"Schl\xe4fe"), "Schläfe");
        assert_eq!(decode(b"  \0 "), "");
    }

    #[test]
    fn numbers_with_commas_and_rubbish_after_nul() {
        assert_eq!(parse_f64(&decode_number(b"-187,5  ")), Some(-187.5));
        assert_eq!(parse_f64(&decode_number(b"12\0junk!")), Some(12.0));
        assert_eq!(parse_f64(&decode_number(b"        ")), None);
        assert_eq!(parse_f64("NaN"), None);
        assert_eq!(parse_f64("inf"), None);
        assert_eq!(parse_i64("-8388608.0"), Some(-8_388_608));
        assert_eq!(parse_i64("+42"), Some(42));
        assert_eq!(parse_i64("1.5"), None);
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(parse_seconds_ns("+0"), Some(0));
        assert_eq!(parse_seconds_ns("+3599.996"), Some(3_599_996_000_000));
        assert_eq!(parse_seconds_ns("-0.5"), Some(-500_000_000));
        assert_eq!(parse_seconds_ns("0.1234567896"), Some(123_456_790));
        assert_eq!(parse_seconds_ns("1e-3"), Some(1_000_000));
        assert_eq!(parse_seconds_ns("0,004"), Some(4_000_000));
        for bad in ["", "+", "abc", "--1", "1:2", "99999999999999999999", "1e300", "+-1"] {
            assert_eq!(parse_seconds_ns(bad), None, "{bad}");
        }
    }
}
