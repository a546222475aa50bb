//! What every report has to be: one whole, well-formed file that loads nothing, with drawings that tell
//! what they are.

use std::collections::BTreeSet;

/// Bytes a report may have, whatever the run.
const MOST: usize = 700_000;

/// One tag: its name, its attributes, whether it closes.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    closes: bool,
    alone: bool,
}

/// The tags of a document in order; panics where text is not escaped or an attribute not quoted.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find(['<', '>']) {
        assert!(
            rest[start..].starts_with('<'),
            "a bare > in {:?}",
            &rest[..start + 1]
        );
        let end = rest[start..].find('>').expect("a tag that ends") + start;
        let inside = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if inside.starts_with('!') {
            continue;
        }
        let closes = inside.starts_with('/');
        let alone = inside.ends_with('/');
        let inside = inside.trim_matches('/');
        let (name, mut given) = inside.split_once(' ').unwrap_or((inside, ""));
        assert!(
            name.chars().all(char::is_alphanumeric) && !name.is_empty(),
            "<{inside}>"
        );
        let mut attributes = Vec::new();
        while let Some((key, after)) = given.trim_start().split_once('=') {
            let value = after.strip_prefix('"').expect("a quoted attribute");
            let (value, after) = value.split_once('"').expect("an attribute that ends");
            attributes.push((key, value));
            given = after;
        }
        assert!(
            given.trim().is_empty() || given.trim() == "open",
            "<{inside}>"
        );
        tags.push(Tag {
            name,
            attributes,
            closes,
            alone,
        });
    }
    tags
}

/// Panics unless `html` is what a report has to be.
pub fn check(html: &str) {
    assert!(html.len() < MOST, "{} bytes", html.len());
    for outside in [
        "http:",
        "https:",
        "src=",
        "<script",
        "@import",
        "url(",
        "<link",
        "<iframe",
        "javascript:",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    for broken in ["NaN", "\"inf", " inf ", "{}", "{:"] {
        let around = html
            .find(broken)
            .map(|at| &html.as_bytes()[at.saturating_sub(200)..at + 20]);
        assert!(
            around.is_none(),
            "{broken}: {:?}",
            around.map(String::from_utf8_lossy)
        );
    }
    let (head, rest) = html.split_once("<style>").unwrap();
    let (style, rest) = rest.split_once("</style>").unwrap();
    assert!(style.contains("prefers-color-scheme: dark") && style.contains("@media print"));
    let whole = format!("{head}<style></style>{rest}");
    let (mut open, mut ids, mut wanted) = (Vec::new(), BTreeSet::new(), Vec::new());
    let (mut drawings, mut described) = (0, 0);
    for tag in tags(&whole) {
        if tag.closes {
            assert_eq!(open.pop(), Some(tag.name), "a closing tag");
            continue;
        }
        for (key, value) in &tag.attributes {
            match *key {
                "id" => assert!(ids.insert(*value), "id {value} twice"),
                "aria-labelledby" => wanted.extend(value.split(' ')),
                "href" => wanted.push(value.strip_prefix('#').expect("a place in the page")),
                _ => assert!(!key.starts_with("on"), "{key}"),
            }
        }
        match tag.name {
            "svg" => {
                drawings += 1;
                let role = tag.attributes.contains(&("role", "img"));
                assert!(role && tag.attributes.iter().any(|a| a.0 == "aria-labelledby"));
            }
            "desc" => described += 1,
            _ => {}
        }
        if !tag.alone && !["meta", "br"].contains(&tag.name) {
            open.push(tag.name);
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    assert_eq!(drawings, described);
    for id in wanted {
        assert!(ids.contains(id), "no {id}");
    }
    // Figures are numbered without gaps.
    let figures = html.matches("<figcaption>").count();
    for n in 1..=figures {
        assert!(
            html.contains(&format!("<figcaption><b>Figure {n}.</b> ")),
            "figure {n} of {figures}"
        );
    }
}

/// The sections of a report, in order.
pub fn sections(html: &str) -> Vec<&str> {
    let parts = html.split("<section id=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}
