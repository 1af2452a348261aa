//! Where the electrodes of the 10-20 and the 10-10 system sit, on a head that is a sphere.
//!
//! The midline from nasion to inion and the ring through Fpz, T7, Oz and T8 are cut into steps of 10 % (18 degrees); the electrodes of a row
//! lie on the great circle from the midline to the ring, quarter by quarter (Oostenveld and Praamstra, *Clinical Neurophysiology* 112,
//! 2001, p. 713). T3, T4, T5 and T6 are the old names of T7, T8, P7 and P8.

use std::f64::consts::PI;

/// Steps of a quarter of the midline: from the vertex to Fpz or Oz are four.
const STEP: f64 = PI / 10.0;

/// Rows: name, name of its end on the ring, steps of the midline before the vertex.
const ROWS: [(&str, &str, f64); 9] = [
    ("fp", "fp", 4.0),
    ("af", "af", 3.0),
    ("f", "f", 2.0),
    ("fc", "ft", 1.0),
    ("c", "t", 0.0),
    ("cp", "tp", -1.0),
    ("p", "p", -2.0),
    ("po", "po", -3.0),
    ("o", "o", -4.0),
];

/// A point of the unit sphere: to the right, to the front, up.
pub type Position = [f64; 3];

/// Where an electrode sits, by its name in small letters (`fp1`, `cz`, `po8`); none for other names.
pub fn position(name: &str) -> Option<Position> {
    let name = match name {
        "t3" => "t7",
        "t4" => "t8",
        "t5" => "p7",
        "t6" => "p8",
        other => other,
    };
    let (row, side) = name.split_at(name.find(|c: char| c.is_ascii_digit() || c == 'z')?);
    let number =
        if side == "z" { 0 } else { side.parse::<u32>().ok().filter(|n| (1..=8).contains(n))? };
    // Odd numbers are on the left; 1 and 2 are a quarter of the way to the ring, 7 and 8 are on it.
    let quarters = number.div_ceil(2);
    let right = if number % 2 == 0 { 1.0 } else { -1.0 };
    let steps = ROWS.iter().find_map(|(inner, outer, steps)| {
        (row == if quarters == 4 { *outer } else { *inner }).then_some(*steps)
    })?;
    if steps.abs() == 4.0 {
        // The row is the ring itself: Fp1, Fpz and Fp2 lie a step apart.
        return (quarters < 2).then(|| ring(right * f64::from(quarters), steps));
    }
    let midline = [0.0, (steps * STEP).sin(), (steps * STEP).cos()];
    // Row by row a step further along the ring, from Fpz in front to Oz at the back.
    let end = ring(right * (5.0 - steps), 4.0);
    Some(between(midline, end, f64::from(quarters) / 4.0))
}

/// The point of the ring some steps to the right of Fpz (of Oz, with -4), a step below the horizon of the vertex.
fn ring(steps_right: f64, front: f64) -> Position {
    let (angle, down) = (steps_right * STEP, 4.0 * STEP);
    [angle.sin() * down.sin(), front.signum() * angle.cos() * down.sin(), down.cos()]
}

/// The point a part of the way along the great circle.
fn between(from: Position, to: Position, part: f64) -> Position {
    let angle = distance(from, to);
    let (a, b) = (((1.0 - part) * angle).sin() / angle.sin(), (part * angle).sin() / angle.sin());
    std::array::from_fn(|k| a * from[k] + b * to[k])
}

/// Radians between two points, along the sphere.
pub fn distance(a: Position, b: Position) -> f64 {
    let dot: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    dot.clamp(-1.0, 1.0).acos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(a: &str, b: &str) -> f64 {
        distance(position(a).unwrap(), position(b).unwrap()).to_degrees()
    }

    #[test]
    fn ten_percent_is_eighteen_degrees() {
        for (a, b, expected) in [
            ("cz", "fpz", 72.0),
            ("cz", "fz", 36.0),
            ("fcz", "fz", 18.0),
            ("cz", "t7", 72.0),
            ("cz", "c3", 36.0),
            ("c1", "c2", 36.0),
        ] {
            assert!((degrees(a, b) - expected).abs() < 1e-6, "{a}-{b}: {}", degrees(a, b));
        }
        assert_eq!(position("t3"), position("t7"));
    }

    #[test]
    fn left_is_the_mirror_of_right_and_all_lie_on_the_sphere() {
        for (left, right) in [
            ("fp1", "fp2"),
            ("f7", "f8"),
            ("c3", "c4"),
            ("po7", "po8"),
            ("o1", "o2"),
            ("ft7", "ft8"),
        ] {
            let (l, r) = (position(left).unwrap(), position(right).unwrap());
            assert!(
                (l[0] + r[0]).abs() < 1e-12 && (l[1] - r[1]).abs() < 1e-12 && l[0] < 0.0,
                "{left}"
            );
            assert!((l.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12, "{left}");
        }
    }

    #[test]
    fn other_names_have_no_place() {
        for name in
            ["", "z", "ch1", "eog", "f9", "f0", "ecg2", "fp3", "t1", "fc7", "ft5", "c12", "m1"]
        {
            assert_eq!(position(name), None, "{name}");
        }
    }
}
