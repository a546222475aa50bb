//! Whether the colours of lines can be told apart: with normal vision and without one of the three kinds of cones.
//!
//! ```text
//! seen   = M linear RGB,    M of Machado, Oliveira, Fernandes 2009 (doi 10.1109/TVCG.2009.113), severity 1
//! apart  = |Lab(a) - Lab(b)|,  CIE 1976, D65;   20 is plain to see on a thin line
//! contrast = (L_1 + 0.05) / (L_2 + 0.05) to the ground, L the relative luminance;   3 for graphics (WCAG 2.1, 1.4.11)
//! ```
// What is measured here decides no result.
#![allow(clippy::disallowed_methods)]

use super::names::COLOURS;

const PAGE: &str = include_str!("style.css");
const PICTURE: &str = include_str!("../comparison.css");

/// Normal vision, without long, middle and short wave cones.
const SEEN: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
];

type Triple = [f64; 3];

/// Linear RGB of `#rrggbb`.
fn linear(colour: &str) -> Triple {
    [1, 3, 5].map(|at| {
        let part = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
        let v = f64::from(part) / 255.0;
        match v <= 0.04045 {
            true => v / 12.92,
            false => ((v + 0.055) / 1.055).powf(2.4),
        }
    })
}

fn seen(m: &[Triple; 3], rgb: Triple) -> Triple {
    m.map(|row| (0..3).map(|k| row[k] * rgb[k]).sum::<f64>().clamp(0.0, 1.0))
}

fn lab(rgb: Triple) -> Triple {
    let to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ];
    let white = [0.95047, 1.0, 1.08883];
    let part = |k: usize| {
        let t = (0..3).map(|i| to_xyz[k][i] * rgb[i]).sum::<f64>() / white[k];
        match t > 216.0 / 24389.0 {
            true => t.cbrt(),
            false => (24389.0 / 27.0 * t + 16.0) / 116.0,
        }
    };
    let [x, y, z] = [0, 1, 2].map(part);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn luminance(rgb: Triple) -> f64 {
    0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
}

/// The least distance of two colours, over all kinds of vision.
fn least(colours: &[&str]) -> f64 {
    let mut least = f64::INFINITY;
    for m in &SEEN {
        let labs: Vec<Triple> = colours.iter().map(|c| lab(seen(m, linear(c)))).collect();
        for (k, a) in labs.iter().enumerate() {
            for b in &labs[..k] {
                let square = |i: usize| (a[i] - b[i]) * (a[i] - b[i]);
                least = least.min((square(0) + square(1) + square(2)).sqrt());
            }
        }
    }
    least
}

/// The colours of a part of a style sheet: those behind `before`, the number of the colour in place of N.
fn colours<'a>(css: &'a str, before: &str) -> Vec<&'a str> {
    let find = |k: usize| {
        let start = css.find(&before.replace('N', &k.to_string())).unwrap() + before.len();
        &css[start..start + 7]
    };
    (0..COLOURS).map(find).collect()
}

#[test]
fn colours_can_be_told_apart() {
    // What they were: blue and magenta were one colour without long wave cones.
    assert!(least(&["#1f5fa8", "#c2410c", "#23774a", "#a3258f"]) < 9.0);
    let [page, picture] =
        [(PAGE, "--cN: "), (PICTURE, ".mark.cN { fill: ")].map(|(css, before)| {
            let (light, dark) = css.split_once("prefers-color-scheme: dark").unwrap();
            [colours(light, before), colours(dark, before)]
        });
    assert_eq!(page, picture);
    for (colours, ground) in page.iter().zip(["#fcfcfb", "#16181a"]) {
        assert!(PAGE.contains(&format!("--page: {ground}")));
        assert!(least(colours) > 20.0, "{}", least(colours));
        for colour in colours {
            let [a, b] = [colour, ground].map(|c| luminance(linear(c)) + 0.05);
            assert!((a / b).max(b / a) > 3.0, "{colour} on {ground}");
        }
    }
    // Paper has the light ones.
    let paper = PAGE.split_once("@media print").unwrap().1;
    assert_eq!(colours(paper, "--cN: "), page[0]);
}
