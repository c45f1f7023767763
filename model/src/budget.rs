//! The budget of bytes.

use loom::sync::Arc;
use loom::sync::Mutex;
use loom::thread;

use crate::limits::budget::Budget;

/// Two want two of three: one gets them, whoever it is, and all come back.
pub fn bounds() {
    loom::model(|| {
        let budget = Budget::exact(3);
        let takes = |budget: Budget| {
            move || {
                let mut charge = budget.charge();
                let has = charge.grow(2).is_ok();
                assert!(budget.used() <= 3);
                has
            }
        };
        let other = thread::spawn(takes(budget.clone()));
        let one = takes(budget.clone())();
        let other = other.join().unwrap();
        // Both, if the first had given them back.
        assert!(one || other);
        assert_eq!(budget.used(), 0);
    });
}

/// However growing, settling and clearing meet, the counter is what is held.
pub fn comes_back() {
    loom::model(|| {
        let budget = Budget::of(1 << 20);
        let shared = budget.clone();
        let other = thread::spawn(move || {
            let mut charge = shared.charge();
            charge.grow(1).unwrap();
            charge.settle(1);
            charge
        });
        let mut charge = budget.charge();
        charge.grow(70_000).unwrap();
        charge.clear();
        charge.grow(5).unwrap();
        charge.settle(5);
        let other = other.join().unwrap();
        assert_eq!(budget.used(), 6);
        let mut all = budget.charge();
        all.adopt(charge);
        drop(other);
        assert_eq!(budget.used(), 5);
        drop(all);
        assert_eq!(budget.used(), 0);
    });
}

/// All is kept for later; two want half each at once, and both get it.
pub fn relief() {
    loom::model(|| {
        let budget = Budget::exact(2);
        let mut kept = budget.charge();
        kept.grow(2).unwrap();
        let kept = Arc::new(Mutex::new(Some(kept)));
        budget.relieved_by(move || drop(kept.lock().unwrap().take()));
        let shared = budget.clone();
        let other = thread::spawn(move || {
            let mut charge = shared.charge();
            charge.grow(1).map(|()| charge)
        });
        let mut charge = budget.charge();
        assert!(charge.grow(1).is_ok());
        let other = other.join().unwrap();
        assert!(other.is_ok());
        assert_eq!(budget.used(), 2);
    });
}

/// A lower limit takes nothing away, not from who asked before it either, and gives nothing more.
pub fn resized() {
    loom::model(|| {
        let budget = Budget::exact(2);
        let shared = budget.clone();
        let other = thread::spawn(move || {
            let mut charge = shared.charge();
            charge.grow(1).map(|()| charge)
        });
        budget.resize(1);
        let mut charge = budget.charge();
        let has = charge.grow(1);
        let other = other.join().unwrap();
        assert!(has.is_ok() || other.is_ok());
        assert!(budget.used() <= 2);
        if other.is_ok() {
            drop(charge);
        }
        assert!(budget.charge().grow(1).is_err());
    });
}
