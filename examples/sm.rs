//! smoke
use driftlane::target::library::*; use driftlane::target::*; use driftlane::smc::*; use driftlane::mcmc::*;
use std::time::Instant;
fn go(name:&str, t:&dyn BlockTarget, n:usize, exact:f64, f: impl Fn(Smc)->Smc){
  let s=f(Smc::new(t).particles(n)); let t0=Instant::now(); let r=s.run().unwrap();
  println!("{name}: {:.4} +- {:?} exact {exact} z={:.2}  temps {} acc {:.2?} eps {:.3} nan {} inf {} {:.3}s  grads/s {:.3e}", r.log_evidence, r.log_evidence_se, (r.log_evidence-exact)/r.log_evidence_se.unwrap_or(f64::NAN), r.temperatures.len(), &r.acceptance[r.acceptance.len().saturating_sub(3)..], r.step_size.last().unwrap(), r.totals.nan, r.totals.infinite, t0.elapsed().as_secs_f64(), r.totals.gradient_evaluations as f64/t0.elapsed().as_secs_f64());
}
fn main(){
  let g=Gaussian::isotropic(vec![1.0;10],0.5).unwrap(); go("gauss10",&g,2048,0.,|s|s);
  let g=Gaussian::isotropic(vec![1.0;100],0.5).unwrap(); go("gauss100",&g,4096,0.,|s|s);
  go("fab40",&mixture::presets::fab_40(),8192,0.,|s|s);
  go("fab40 rwmh",&mixture::presets::fab_40(),8192,0.,|s|s.mover(MoveSettings{kind:MoveKind::Rwmh,..Default::default()}));
  go("mw8",&ManyWell::new(8).unwrap(),8192,41.17391883,|s|s);
  go("mw32",&ManyWell::new(32).unwrap(),8192,164.69567531318188,|s|s);
  for (b,z) in [(0.,-59.495458),(0.0009,-59.485063),(0.002,-59.444799),(0.0025,-59.417021),(0.0035,-59.345284)] { go("phi4",&Phi4::new(32,0.1,b,20.).unwrap(),8192,z,|s|s); }
}
