//! Coordinates by their names: which of them are one array, and what it is called.
//!
//! `theta[0], theta[1], ...` one after the other are the vector `theta`, `t[0,0], t[0,1], ...` the matrix `t`, in C
//! order and without gaps; indices may begin anywhere. Every other name is a scalar of its own. Coordinates without
//! names, `x[0], x[1], ...`, are the vector `x`, and so are those with more than 64 names: each would be a folder
//! of files.

/// As many arrays stand side by side.
pub(super) const MOST: usize = 64;
/// The longest name, in characters: file systems end at 255 bytes.
const LONGEST: usize = 60;
/// What ArviZ and Zarr keep for themselves.
const RESERVED: [&str; 7] = [
    "chain",
    "draw",
    "sample",
    "pred_id",
    "stage",
    "particle",
    "zarr.json",
];

/// Coordinates that are one array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name as it was given, without indices where it has axes.
    pub name: String,
    /// Its first coordinate.
    pub first: usize,
    /// The length of every axis; none of a scalar.
    pub shape: Vec<usize>,
    /// The first index of every axis.
    pub origin: Vec<usize>,
}

impl Named {
    /// How many coordinates.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }
    /// The names of its axes in a store where it is called `name`.
    pub(super) fn axes(&self, name: &str) -> Vec<String> {
        let axes = 0..self.shape.len();
        axes.map(|k| format!("{name}_dim_{k}")).collect()
    }
}

/// An index as it is written in one way alone, of an axis that memory could hold.
fn index(text: &str) -> Option<usize> {
    let k: u32 = text.parse().ok()?;
    (k.to_string() == text).then_some(k as usize)
}

/// A name and its indices: `t[1,2]`.
fn indexed(name: &str) -> Option<(&str, Vec<usize>)> {
    let (base, rest) = name.strip_suffix(']')?.rsplit_once('[')?;
    let indices: Option<Vec<usize>> = rest.split(',').map(index).collect();
    (!base.is_empty()).then_some(())?;
    Some((base, indices?))
}

/// The arrays that coordinates of these names are, in order; where they are more than `most`, the one `x`.
pub fn arrays(names: &[String], most: usize) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let indices = indices_from(&names[at..]);
        let length = indices.len().max(1);
        match grid(&names[at], at, &indices) {
            Some(named) => found.push(named),
            None => found.extend((at..at + length).map(|first| Named {
                name: names[first].clone(),
                first,
                shape: Vec::new(),
                origin: Vec::new(),
            })),
        }
        at += length;
    }
    let nameless = names.iter().all(String::is_empty);
    if nameless || found.len() > most {
        return vec![Named {
            name: "x".into(),
            first: 0,
            shape: vec![names.len()],
            origin: vec![0],
        }];
    }
    found
}

/// The indices of the first names, as long as what is before them and their number is the same.
fn indices_from(names: &[String]) -> Vec<Vec<usize>> {
    let mut all = names.iter().map(|name| indexed(name)).peekable();
    let Some(Some((base, first))) = all.peek().cloned() else {
        return Vec::new();
    };
    all.map_while(|name| name.filter(|(b, k)| *b == base && k.len() == first.len()))
        .map(|(_, indices)| indices)
        .collect()
}

/// The array of coordinates from `at` on that have these indices, where they are all of a grid, in C order.
fn grid(name: &str, at: usize, indices: &[Vec<usize>]) -> Option<Named> {
    let (base, origin) = indexed(name)?;
    let last = indices.last()?;
    let ends = last.iter().zip(&origin);
    let shape: Vec<usize> = ends
        .map(|(last, first)| last.checked_sub(*first)?.checked_add(1))
        .collect::<Option<_>>()?;
    let volume = shape.iter().try_fold(1usize, |n, k| n.checked_mul(*k));
    let in_order = indices.iter().enumerate().all(|(k, found)| {
        let mut rest = k;
        let mut axes = shape.iter().zip(&origin).zip(found).rev();
        axes.all(|((length, first), index)| {
            let expected = first + rest % length;
            rest /= length;
            *index == expected
        })
    });
    (volume == Some(indices.len()) && in_order).then(|| Named {
        name: base.to_owned(),
        first: at,
        shape,
        origin,
    })
}

/// The names of arrays in a store: one path element each, none twice, none that a dimension has.
pub(super) fn in_store(arrays: &[Named]) -> Vec<String> {
    let mut taken: Vec<String> = RESERVED.map(str::to_owned).to_vec();
    arrays
        .iter()
        .map(|array| {
            let plain = |c: char| match c {
                '/' | '\\' => '_',
                c if c.is_control() => '_',
                c => c,
            };
            let mut name: String = array.name.trim().chars().take(LONGEST).map(plain).collect();
            // `.`, `..` and names that begin with `__` are no nodes.
            if name.starts_with('.') || name.starts_with("__") || name.is_empty() {
                name.insert(0, 'x');
            }
            let axes = |name: &str| array.axes(name);
            while taken.contains(&name) || axes(&name).iter().any(|axis| taken.contains(axis)) {
                name.push('_');
            }
            taken.extend(axes(&name));
            taken.push(name.clone());
            name
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST, arrays, in_store};

    fn of(names: &[&str]) -> Vec<(String, Vec<usize>, Vec<usize>)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let found = arrays(&names, MOST);
        let widths: usize = found.iter().map(|named| named.width()).sum();
        assert_eq!(widths, names.len());
        found
            .into_iter()
            .map(|named| (named.name, named.shape, named.origin))
            .collect()
    }

    #[test]
    fn vectors_and_matrices_are_found() {
        let scalar = |name: &str| (name.to_owned(), vec![], vec![]);
        assert_eq!(of(&["x[0]", "x[1]"]), [("x".into(), vec![2], vec![0])]);
        assert_eq!(of(&["", ""]), [("x".into(), vec![2], vec![0])]);
        assert_eq!(
            of(&["mu", "ln tau", "theta[1]", "theta[2]"]),
            [
                scalar("mu"),
                scalar("ln tau"),
                ("theta".into(), vec![2], vec![1])
            ]
        );
        assert_eq!(
            of(&["t[0,0]", "t[0,1]", "t[1,0]", "t[1,1]"]),
            [("t".into(), vec![2, 2], vec![0, 0])]
        );
        // No grid, and none that is whole.
        assert_eq!(of(&["a[1]", "a[0]"]), [scalar("a[1]"), scalar("a[0]")]);
        let turned = ["t[0,0]", "t[1,0]", "t[0,1]", "t[1,1]"];
        assert_eq!(of(&turned), turned.map(scalar));
        assert_eq!(of(&["h[1].x"]), [scalar("h[1].x")]);
        let many: Vec<String> = (0..65).map(|k| format!("covariate {k}")).collect();
        assert_eq!(arrays(&many, MOST).len(), 1);
    }

    #[test]
    fn names_in_a_store_are_nodes_and_none_is_a_dimension() {
        let names = ["chain", "a/b", "a_b", "..", "__x", "zarr.json", "", "draw"];
        let names = names.map(str::to_owned);
        let found = in_store(&arrays(&names, MOST));
        assert_eq!(
            found,
            [
                "chain_",
                "a_b",
                "a_b_",
                "x..",
                "x__x",
                "zarr.json_",
                "x",
                "draw_"
            ]
        );
    }
}
