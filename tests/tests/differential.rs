//! x
use conformance::coverage::Coverage;
use conformance::generator::Generator;
use conformance::reference::Reference;

#[test]
fn reference_alone() {
    let mut coverage = Coverage::default();
    let mut out = Vec::new();
    let start = std::time::Instant::now();
    for seed in 0..500 {
        let mut g = Generator::new(seed);
        let mut r = Reference::new(&g.setup().build().unwrap_or_else(|e| panic!("{seed}: {e}")));
        let mut c = Coverage::default();
        let mut log = Vec::new();
        for _ in 0..2000 {
            let s = g.next(&r);
            log.push(s);
            out.clear();
            let res =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| r.apply(&s, &mut out)));
            if res.is_err() {
                panic!("seed {seed} command {} {s:?}", log.len());
            }
            c.count(&out);
        }
        if seed < 40 {
            println!(
                "{seed} {} {} {} trig {} dele {} soc {}",
                c.accepted, c.trading, c.trades, c.triggered, c.deleveraged, c.socialised
            );
        }
        coverage.add(&c);
    }
    println!("{coverage} {:?} {:?}", coverage.missing(), start.elapsed());
}
