//! Who gets in, who waits, and that nothing stays held.

use proptest::prelude::*;

use super::*;

const fn size(slots: usize, waiting: usize) -> Size {
    Size {
        slots,
        waiting,
        is_shared: false,
    }
}

const fn shared(slots: usize, waiting: usize) -> Size {
    Size {
        is_shared: true,
        ..size(slots, waiting)
    }
}

/// Checks what becomes of these entries, one after another: their numbers, or why there is none.
#[track_caller]
fn check(size: Size, callers: &[char], expected: &[Result<Entered, Full>]) -> Room<char> {
    let mut room = Room::default();
    let entered: Vec<_> = callers.iter().map(|it| room.enter(*it, size)).collect();
    assert_eq!(entered, expected);
    room
}

#[test]
fn first_the_slots_then_the_room_then_nothing() {
    use Entered::{Slot, Waiting};
    let expected = [Ok(Slot(0)), Ok(Slot(1)), Ok(Waiting(2)), Err(Full::Room)];
    let mut room = check(size(2, 1), &['a'; 4], &expected);
    assert_eq!(room.leave(1), [2]);
    assert_eq!(room.enter('a', size(2, 1)), Ok(Waiting(3)));
}

#[test]
fn slots_are_counted_and_places_in_the_room_are_not() {
    let rooms = Rooms::default();
    let first = rooms.enter('a', size(1, 1)).unwrap();
    let second = rooms.enter('a', size(1, 1)).unwrap();
    assert_eq!(rooms.inside(), 1);
    drop(first);
    assert_eq!(rooms.inside(), 1, "the second is inside now");
    drop(second);
    assert_eq!(rooms.inside(), 0);
}

#[test]
fn the_first_to_come_is_the_first_to_get_in() {
    let mut room = Room::default();
    for _ in 0..4 {
        room.enter('a', size(1, 3)).unwrap();
    }
    assert_eq!(room.leave(0), [1]);
    assert_eq!(room.leave(2), <[u64; 0]>::default(), "it left the room");
    assert_eq!(room.leave(1), [3]);
    assert_eq!(room.leave(3), <[u64; 0]>::default());
    assert!(room.counts.is_empty() && room.inside.is_empty());
}

#[test]
fn a_caller_has_half_of_what_is_shared() {
    use Entered::{Slot, Waiting};
    let expected = [
        Ok(Slot(0)),
        Ok(Waiting(1)),
        Err(Full::Share),
        Ok(Slot(2)),
        Ok(Waiting(3)),
        Err(Full::Room),
    ];
    let mut room = check(shared(2, 2), &['a', 'a', 'a', 'b', 'b', 'c'], &expected);
    // The slot of one caller is no use to the other that waits longer.
    assert_eq!(room.leave(2), [3]);
    assert_eq!(room.leave(0), [1]);
}

#[test]
fn a_slot_that_is_handed_over_counts_for_its_new_owner_alone() {
    let size = shared(4, 0);
    let expected = [0, 1, 2].map(|it| Ok(Entered::Slot(it)));
    let mut room = check(size, &['?', '?', 'a'], &expected);
    let counts = HashMap::from([('?', (1, 0)), ('a', (2, 0))]);
    assert_eq!(room.hand_over(0, &'a', size), Ok(()));
    assert_eq!(room.counts, counts);
    assert_eq!(room.hand_over(0, &'a', size), Ok(()), "it is its own");
    assert_eq!(room.hand_over(1, &'a', size), Err(Full::Share));
    assert_eq!(room.counts, counts);
    assert_eq!(room.enter('a', size), Err(Full::Room));
}

#[test]
fn a_place_is_handed_over_within_the_share_of_its_new_owner() {
    let (rooms, size) = (Rooms::default(), shared(4, 0));
    let [first, second, third] = [(); 3].map(|()| rooms.enter('?', size));
    // Two of four are the share of whoever it is.
    assert_eq!(third.unwrap_err(), Full::Room);
    let third = rooms.enter('!', size).unwrap();
    assert_eq!(first.unwrap().hand_over(&'a', size), Ok(()));
    let (first, second) = (rooms.enter('a', size).unwrap(), second.unwrap());
    assert_eq!(second.hand_over(&'a', size), Ok(()));
    assert_eq!(third.hand_over(&'a', size), Err(Full::Share));
    drop((first, second, third));
    assert_eq!(rooms.inside(), 0);
}

#[test]
fn of_a_single_slot_a_caller_may_have_the_whole() {
    check(shared(1, 0), &['a'], &[Ok(Entered::Slot(0))]);
}

#[test]
fn a_lowered_limit_takes_effect_as_slots_come_back() {
    let mut room = Room::default();
    for _ in 0..3 {
        room.enter('a', size(3, 3)).unwrap();
    }
    assert_eq!(room.enter('a', size(1, 3)), Ok(Entered::Waiting(3)));
    assert_eq!(room.leave(0), <[u64; 0]>::default());
    assert_eq!(room.leave(1), <[u64; 0]>::default());
    assert_eq!(room.leave(2), [3]);
}

#[tokio::test]
async fn a_slot_goes_from_who_leaves_to_who_waits() {
    let rooms = Rooms::default();
    let first = rooms.enter('a', size(1, 2)).unwrap();
    let mut second = rooms.enter('a', size(1, 2)).unwrap();
    let gone = rooms.enter('a', size(1, 2)).unwrap();
    assert_eq!(rooms.enter('a', size(1, 2)).unwrap_err(), Full::Room);
    drop(gone);
    let mut third = rooms.enter('a', size(1, 2)).unwrap();
    assert!(!first.is_waiting() && second.is_waiting());
    drop(first);
    second.slot().await;
    assert!(!second.is_waiting());
    drop(second);
    // One that has its slot and does not know it yet gives it back all the same.
    drop(third);
    third = rooms.enter('a', size(1, 2)).unwrap();
    assert!(!third.is_waiting());
    drop(third);
    assert_eq!(format!("{rooms:?}"), "0 inside, 0 waiting");
}

proptest! {
    #[test]
    fn whatever_happens_no_limit_is_passed_and_nobody_waits_beside_a_free_slot(
        slots in 1..6_usize,
        waiting in 0..6_usize,
        is_shared: bool,
        steps in prop::collection::vec((any::<bool>(), 0..3_u8, any::<prop::sample::Index>()), 0..80),
    ) {
        let size = Size { slots, waiting, is_shared };
        let mut room = Room::default();
        let mut places = Vec::new();
        for (enters, caller, which) in steps {
            if enters || places.is_empty() {
                if let Ok(Entered::Slot(it) | Entered::Waiting(it)) = room.enter(caller, size) {
                    places.push(it);
                }
            } else {
                room.leave(places.swap_remove(which.index(places.len())));
            }
            prop_assert!(room.inside.len() <= slots && room.waiting.len() <= waiting);
            for (slots, waits) in room.counts.values() {
                let share = size.share();
                prop_assert!(*slots <= share.slots && *waits <= share.waiting);
            }
            for (_, caller, size) in &room.waiting {
                prop_assert!(!room.admits(caller, *size));
            }
            prop_assert_eq!(room.inside.len() + room.waiting.len(), places.len());
        }
        for place in places {
            room.leave(place);
        }
        prop_assert!(room.counts.is_empty() && room.inside.is_empty() && room.waiting.is_empty());
    }
}
