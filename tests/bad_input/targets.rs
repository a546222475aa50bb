//! Targets and their files.

use super::By::{Engine, Parse};
use super::{Case, case, with};

pub(super) fn targets() -> Vec<Case> {
    let mixture = |text: &str, words: &[&'static str]| {
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            format!("kind = \"mixture\"\n{text}\n"),
            words,
        )
    };
    let logistic = |csv: &str, words: &[&'static str]| {
        let toml = "kind = \"logistic\"\ndata = \"d.csv\"\nresponse = \"y\"\nstandardise = false\nintercept = true\nprior_sd = 1.0\n";
        let mut case = with(Engine, "sample t.toml", "t.toml", toml, words);
        case.files.push(("d.csv", csv.into()));
        case
    };
    vec![
        case(Engine, "sample gausian", &["gausian", "gaussian"]),
        case(Engine, "sample nothing-like-it", &["nothing-like-it"]),
        case(Engine, "sample gaussian --set dim=0", &["dim = 0"]),
        case(Engine, "sample gaussian --set dim=-3", &["dim = -3"]),
        case(Engine, "sample gaussian --set dim=2.5", &["dim = 2.5"]),
        case(Engine, "sample gaussian --set dim=two", &["dim = ", "two"]),
        case(Engine, "sample gaussian --set dimm=3", &["dimm = 3", "dim"]),
        case(Engine, "sample eight-gaussians --set dim=3", &["dim = 3"]),
        case(Engine, "sample gaussian --set sd=nan", &["--set sd = NaN"]),
        case(Engine, "sample gaussian --set sd=-1", &["--set sd = -1"]),
        case(
            Engine,
            "sample gaussian --set mean=far",
            &["--set mean", "far", ".npy"],
        ),
        case(
            Engine,
            "sample gaussian --set cov=[[1,2],[2,1]]",
            &["--set cov = ", "definite"],
        ),
        case(
            Parse,
            "sample gaussian --set dim=2 --set dim=3",
            &["--set dim = 3", "twice"],
        ),
        case(Engine, "sample many-well --set dim=0", &["dim = 0"]),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"gausian\"\n",
            &["t.toml kind = gausian", "gaussian?"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"gaussian\"\ndimm = 3\n",
            &["t.toml dimm = 3", "dim?"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"gaussian\"\nsds = [1.0, -1.0]\n",
            &["t.toml sds", "-1"],
        ),
        case(Engine, "sample many-well --set dim=3", &["dim = 3", "even"]),
        case(Engine, "sample phi4 --set n=0", &["n = 0"]),
        case(Engine, "sample phi4 --set beta=-1", &["beta = -1"]),
        case(Engine, "sample phi4 --set a=0", &["a = 0"]),
        case(Engine, "sample logistic", &["data"]),
        mixture("weights = [0.5, 0.5]\nstds = [1.0, 1.0]", &["means"]),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0, 1.0], [2.0]]\nstds = [1.0, 1.0]",
            &["means"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights"],
        ),
        mixture(
            "weights = [0.5, -0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights", "-0.5"],
        ),
        mixture(
            "weights = [0.0, 0.0]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["weights"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [nan]]\nstds = [1.0, 1.0]",
            &["means"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0, -1.0]",
            &["stds", "-1"],
        ),
        mixture(
            "weights = [0.5, 0.5]\nmeans = [[0.0], [1.0]]\nstds = [1.0]",
            &["stds"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0, 0.0]]\ncovs = [[[1.0, 2.0], [2.0, 1.0]]]",
            &["covs", "definite"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0, 0.0]]\ncovs = [[[1.0, 0.5], [0.2, 1.0]]]",
            &["covs", "symmetric"],
        ),
        mixture(
            "weights = [1.0]\nmeans = [[0.0]]\nstds = [1.0]\ncovs = [[[1.0]]]",
            &["covs", "stds"],
        ),
        mixture("weights = [1.0]\nmeans = []\nstds = [1.0]", &["means"]),
        // Probabilities, whatever the program could make of them.
        mixture(
            "weights = [0.5, 0.6]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["t.toml weights", "sum to 1.1", "sum to 1, within 1e-6"],
        ),
        mixture(
            "weights = [3, 1]\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["t.toml weights", "sum to 4"],
        ),
        mixture(
            "weights = \"even\"\nmeans = [[0.0], [1.0]]\nstds = [1.0, 1.0]",
            &["t.toml weights = \"even\""],
        ),
        case(
            Engine,
            "sample rings --set weights=[1,1,1,1]",
            &["--set weights", "sum to 4"],
        ),
        case(
            Engine,
            "smc points --set points=[[0.0],[1.0]]",
            &["--set bandwidth = 0", "above 0 for smc", "diffuse"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"points\"\npoints = [[0.0], [1.0]]\nbandwidth = 0\n",
            &["t.toml bandwidth = 0", "above 0 for sample"],
        ),
        // A number of 309 digits is one of five letters.
        case(
            Engine,
            "sample gaussian --set sd=1e308",
            &["--set sd = 1e308:", "1e150"],
        ),
        // No word is near a name of three letters.
        case(
            Engine,
            "sample gaussian --set foo=1",
            &["--set foo = 1", "unknown setting; known here: dim"],
        ),
        mixture(
            "weights = [1.0]\nmeans = \"absent.npy\"\nstds = [1.0]",
            &["absent.npy"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \"absent.csv\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["absent.csv"],
        ),
        logistic("", &["d.csv"]),
        logistic("a,b,y\n", &["d.csv"]),
        logistic("a,b,y\n1,2,1\n1,0\n", &["d.csv", "3"]),
        logistic("a,b,y\n1,2,1\n1,2,0,4\n", &["d.csv", "3"]),
        logistic("a,b,y\n1,2,1\nx,2,0\n", &["d.csv", "x", "a"]),
        logistic("a,b,y\n1,2,1\nNaN,2,0\n", &["d.csv", "NaN"]),
        logistic("a,b,y\n1,2,1\n,2,0\n", &["d.csv", "a"]),
        logistic("a,b,y\n1,2,1\n1e999,2,0\n", &["d.csv", "1e999"]),
        logistic("a,b,z\n1,2,1\n", &["response", "y"]),
        logistic("a,b,y\n1,2,1\n1,2,2\n", &["d.csv", "2", "0"]),
        logistic("a,a,y\n1,2,1\n", &["d.csv", "a"]),
        logistic("a;b;y\n1,5;2;1\n", &["response", "y"]),
        logistic("a,b,y\n1,\"2,1\n1,2,0\n", &["d.csv"]),
        logistic("0,1,1\n1,2,1\n", &["d.csv", "header"]),
        logistic("a,,y\n1,2,1\n", &["d.csv", "column 2", "no name"]),
        logistic(
            "a,b,y\n1,\"1,5\",1\n",
            &["d.csv", "line 2", "decimal point"],
        ),
        logistic("a,b,y\n1,inf,1\n", &["d.csv", "line 2", "column b", "inf"]),
        logistic("a,b,y\n1,0x10,1\n", &["d.csv", "line 2", "0x10"]),
        logistic("a,b,y\n1,1,yes\n", &["d.csv", "line 2", "column y", "yes"]),
        logistic("a\0,b,y\n1,1,1\n", &["d.csv", "binary"]),
        with(
            Engine,
            "sample logistic --set data=d.csv",
            "d.csv",
            b"\xff\xfea\0,\0y\0".to_vec(),
            &["d.csv", "UTF-8"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set prior_sd=0",
            "d.csv",
            "a,y\n1,1\n",
            &["--set prior_sd = 0"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set intercept_prior={sd=1}",
            "d.csv",
            "a,y\n1,1\n",
            &["--set intercept_prior", "intercept = true"],
        ),
        with(
            Engine,
            "sample logistic --set data=d.csv --set standardise=1",
            "d.csv",
            "a,y\n1,1\n",
            &["--set standardise = 1", "true or false"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \"t.toml/..\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["t.toml/..", "cannot be read"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = \".\"\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["folder"],
        ),
        with(
            Engine,
            "sample t.toml",
            "t.toml",
            "kind = \"logistic\"\ndata = []\nresponse = \"y\"\nprior_sd = 1.0\n",
            &["data"],
        ),
        with(
            Engine,
            "sample t.toml --set prior_sd=-1",
            "t.toml",
            "kind = \"logistic\"\ndata = \"t.toml\"\nresponse = \"y\"\n",
            &["prior_sd = -1"],
        ),
    ]
}
