//! Slots and the room to wait for them in.

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::limits::room::{Full, Place, Rooms, Size};

const ONE: Size = Size {
    slots: 1,
    waiting: 1,
    is_shared: false,
};

/// Those who hold a slot at this moment.
type Inside = Arc<AtomicUsize>;

fn hold(mut place: Place<u8>, inside: &Inside) {
    block_on(place.slot());
    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold one slot");
    inside.fetch_sub(1, Ordering::SeqCst);
}

fn check_empty(rooms: &Rooms<u8>) {
    assert_eq!(format!("{rooms:?}"), "0 inside, 0 waiting");
    assert!(rooms.enter(0, ONE).is_ok_and(|place| !place.is_waiting()));
}

/// Two and one slot: both have it, one after the other.
pub fn turns() {
    loom::model(|| {
        let (rooms, inside) = (Rooms::<u8>::default(), Inside::default());
        let (shared, seen) = (rooms.clone(), Arc::clone(&inside));
        let other = thread::spawn(move || hold(shared.enter(1, ONE).unwrap(), &seen));
        hold(rooms.enter(0, ONE).unwrap(), &inside);
        other.join().unwrap();
        check_empty(&rooms);
    });
}

/// The one who waits leaves, at the moment perhaps in which the slot becomes its own; a third waits
/// behind it and must get the slot all the same.
pub fn leaving() {
    loom::model(|| {
        let size = Size { waiting: 2, ..ONE };
        let (rooms, inside) = (Rooms::<u8>::default(), Inside::default());
        let held = rooms.enter(0, size).unwrap();
        let impatient = rooms.enter(1, size).unwrap();
        let patient = rooms.enter(2, size).unwrap();
        let leaves = thread::spawn(move || drop(impatient));
        let frees = thread::spawn(move || drop(held));
        hold(patient, &inside);
        leaves.join().unwrap();
        frees.join().unwrap();
        check_empty(&rooms);
    });
}

/// Three, one slot and one place: at most one is turned away, and only while both are taken. With three
/// threads there are too many orders; those with two preemptions are all that find most faults.
pub fn full() {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound = Some(2);
    orders.check(|| {
        let (rooms, inside) = (Rooms::<u8>::default(), Inside::default());
        let enters = |caller: u8| {
            let (rooms, inside) = (rooms.clone(), Arc::clone(&inside));
            move || match rooms.enter(caller, ONE) {
                Ok(place) => {
                    hold(place, &inside);
                    0
                }
                Err(full) => {
                    assert_eq!(full, Full::Room);
                    1
                }
            }
        };
        let others = [thread::spawn(enters(1)), thread::spawn(enters(2))];
        let refused = enters(0)() + others.map(|it| it.join().unwrap()).iter().sum::<i32>();
        assert!(refused <= 1, "{refused} of three");
        check_empty(&rooms);
    });
}
