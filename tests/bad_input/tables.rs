//! Tables of data and arrays of targets in files.

use super::By::Engine;
use super::starts::npy;
use super::{Case, case, with};

fn logistic(csv: impl Into<Vec<u8>>, words: &[&'static str]) -> Case {
    with(
        Engine,
        "sample logistic --set data=d.csv --set response=y --set standardise=true",
        "d.csv",
        csv,
        words,
    )
}

pub(super) fn tables() -> Vec<Case> {
    let two = |second: &str, words: &[&'static str]| {
        let line = "sample logistic --set data=[\"d.csv\",\"e.csv\"]";
        let mut case = with(Engine, line, "d.csv", "a,y\n1,1\n", words);
        case.files.push(("e.csv", second.into()));
        case
    };
    let wide = "9".repeat(400);
    vec![
        // Rows and quotes.
        logistic(
            "a,b,y\n\"1,2,1\n3,4,0\n5,6,1\n",
            &["d.csv", "line 2: a quote", "never closed"],
        ),
        logistic(
            "a,\"b,y\n1,2,1\n",
            &["d.csv", "line 1: a quote", "never closed"],
        ),
        logistic(
            "a,b,y\r\n1,2,1\r\n3,4\r\n",
            &["d.csv", "line 3 has 2 cells"],
        ),
        logistic(
            "a,b,y\n1,2,1\n\n3,4,0,9\n",
            &["d.csv", "line 4 has 4 cells"],
        ),
        logistic(
            "a\tb\ty\n1\t2\t1\n",
            &["d.csv", "no column \"y\"", "response"],
        ),
        logistic("a,b,Y\n1,2,1\n", &["d.csv", "no column \"y\"", "a, b, Y"]),
        logistic("a,y,y\n1,1,0\n", &["d.csv", "two columns are called \"y\""]),
        logistic(
            " a ,a,y\n1,2,1\n",
            &["d.csv", "two columns are called \"a\""],
        ),
        logistic("y\n1\n0\n", &["d.csv", "no covariates"]),
        logistic("1.5,2.5,1\n2.5,3.5,0\n", &["d.csv", "header"]),
        logistic("a,b,y\n# none\n", &["d.csv", "line 2"]),
        // Numbers.
        logistic(
            "a,b,y\n1,2,3.5\n",
            &["d.csv", "line 2, column y", "3.5", "0 or 1"],
        ),
        logistic(
            "a,b,y\n1,2,-1\n",
            &["d.csv", "line 2, column y", "-1", "0 or 1"],
        ),
        logistic("a,b,y\n1,2,true\n", &["d.csv", "line 2, column y", "true"]),
        logistic("a,b,y\n1,2,\n", &["d.csv", "line 2, column y", "missing"]),
        logistic("a,b,y\n1,2,nan\n", &["d.csv", "line 2, column y", "nan"]),
        logistic(
            "a,b,y\n\"1,5\",2,1\n",
            &["line 2, column a", "1,5", "decimal point"],
        ),
        logistic("a,b,y\n\"1.234,5\",2,1\n", &["line 2, column a", "1.234,5"]),
        logistic(
            "a,b,y\n1e309,2,1\n",
            &["line 2, column a", "1e309", "1.8e308"],
        ),
        logistic(
            "a,b,y\n-1e400,2,1\n",
            &["line 2, column a", "-1e400", "range of f64"],
        ),
        logistic(
            format!("a,y\n{wide},1\n"),
            &["line 2, column a", "range of f64"],
        ),
        logistic("a,b,y\nNA,2,1\n", &["line 2, column a", "NA", "a number"]),
        logistic("a,b,y\nnull,2,1\n", &["line 2, column a", "null"]),
        logistic("a,b,y\n-inf,2,1\n", &["line 2, column a", "-inf", "finite"]),
        logistic("a,b,y\n1_000,2,1\n", &["line 2, column a", "1_000"]),
        logistic("a,b,y\n1 000,2,1\n", &["line 2, column a", "1 000"]),
        logistic("a,b,y\n1.5.2,2,1\n", &["line 2, column a", "1.5.2"]),
        logistic("a,b,y\n--1,2,1\n", &["line 2, column a", "--1"]),
        logistic("a,b,y\n$5,2,1\n", &["line 2, column a", "$5"]),
        logistic("a,b,y\n50%,2,1\n", &["line 2, column a", "50%"]),
        logistic("a,b,y\n1,\u{2212}2,1\n", &["line 2, column b", "\u{2212}2"]),
        // Encodings.
        logistic(b"\xef\xbb\xbf".to_vec(), &["d.csv", "empty"]),
        logistic(
            b"\xef\xbb\xbfa,y\n1,2\n".to_vec(),
            &["line 2, column y", "2"],
        ),
        logistic(b"a,y\n1,\xe9\n".to_vec(), &["d.csv", "byte 6", "UTF-8"]),
        logistic(b"a\0,\0y\0\n\0".to_vec(), &["d.csv", "binary"]),
        logistic("  \n\n \r\n", &["d.csv", "empty"]),
        // Several files.
        two("b,y\n1,1\n", &["e.csv", "header differs"]),
        two("a,y\n", &["e.csv", "no rows"]),
        two("", &["e.csv", "empty"]),
        two("a,y\n1,2\n", &["e.csv", "line 2, column y"]),
        // What is read with them.
        case(Engine, "sample logistic --set data=3", &["--set data = 3"]),
        case(
            Engine,
            "sample logistic --set data=[1,2]",
            &["--set data = "],
        ),
        case(
            Engine,
            "sample logistic --set data=",
            &["--set data = (empty)"],
        ),
        case(
            Engine,
            "sample logistic --set data=d.csv --set response=3",
            &["--set response = 3"],
        ),
        case(
            Engine,
            "sample logistic --set data=d.csv --set prior_sd=inf",
            &["--set prior_sd = inf"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set intercept=true --set intercept_prior={sd=-1}",
            "d.csv",
            "a,y\n1,1\n",
            &["intercept_prior sd = -1"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set intercept=true --set intercept_prior={scale=1}",
            "d.csv",
            "a,y\n1,1\n",
            &["intercept_prior scale = 1"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set dim=3",
            "d.csv",
            "a,y\n1,1\n",
            &["--set dim = 3", "unknown setting"],
        ),
        case(
            Engine,
            "sample logistic --set data=/dev/zero",
            &["/dev/zero", "regular file"],
        ),
        case(
            Engine,
            "sample logistic --set data=hole.csv",
            &["hole.csv", "binary"],
        )
        .after("hole.csv is a hole of 1 TB", |folder| {
            let file = std::fs::File::create(folder.join("hole.csv")).unwrap();
            file.set_len(1 << 40).unwrap();
        }),
        // Arrays of targets.
        with(
            Engine,
            "sample gaussian --set mean=m.npy",
            "m.npy",
            npy("<f8", "False", "(1, 2)", &[0; 16]),
            &["--set mean = shape [1, 2]"],
        ),
        with(
            Engine,
            "sample gaussian --set sds=m.npy",
            "m.npy",
            npy("<f8", "False", "(2,)", &[0; 16]),
            &["sds", "0"],
        ),
        with(
            Engine,
            "sample gaussian --set cov=m.npy",
            "m.npy",
            npy("<f8", "False", "(2, 1)", &[0; 16]),
            &["cov", "2"],
        ),
        with(
            Engine,
            "sample mixture --set means=m.npz --set stds=[1]",
            "m.npz",
            "PK",
            &["m.npz", "zip"],
        ),
        case(
            Engine,
            "sample gaussian --set mean=[1,nan]",
            &["--set mean", "nan"],
        ),
        case(
            Engine,
            "sample gaussian --set mean=[[1],[2]]",
            &["--set mean"],
        ),
        case(
            Engine,
            "sample gaussian --set dim=3 --set mean=[1,2]",
            &["--set dim"],
        ),
        case(
            Engine,
            "sample gaussian --set dim=1e30",
            &["--set dim = 10000000000", "1000000"],
        ),
        case(
            Engine,
            "sample gaussian --set sd=1 --set sds=[1]",
            &["--set sd"],
        ),
        case(
            Engine,
            "sample gaussian --set cov=[[1,0],[0,0]]",
            &["--set cov", "definite"],
        ),
        case(
            Engine,
            "sample gaussian --set cov=[[1,0],[1,1]]",
            &["--set cov", "symmetric"],
        ),
        case(Engine, "sample points", &["points", "required"]),
        case(
            Engine,
            "sample points --set points=[[1,2],[3]]",
            &["--set points"],
        ),
        case(Engine, "sample funnel", &["variance", "required"]),
        case(
            Engine,
            "sample funnel --set variance=-9",
            &["--set variance = -9"],
        ),
        case(Engine, "sample rings --set radii=[]", &["--set radii"]),
        case(Engine, "sample rings --set radii=[1,-2]", &["radii", "-2"]),
        case(Engine, "sample rings --set weights=[1]", &["weights"]),
        case(
            Engine,
            "sample banana --set dim=3",
            &["--set dim = 3", "even"],
        ),
        case(
            Engine,
            "sample two-modes --set conditioning=soft",
            &["--set conditioning = soft", "medium"],
        ),
        case(
            Engine,
            "sample student-mixture --set df=0",
            &["--set df = 0"],
        ),
        case(Engine, "sample u1-gauge --set n=1", &["--set n = 1"]),
        case(
            Engine,
            "sample eight-schools --set parameterisation=free",
            &["--set parameterisation = free", "centred"],
        ),
        case(Engine, "sample seeds --set dim=2", &["--set dim = 2"]),
    ]
}
