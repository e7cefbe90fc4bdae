// Threads that run one program over one shared memory and wait for each other between its steps.

/** One of the threads that share a computation. */
export interface Team {
  /** 0 … size − 1. */
  readonly rank: number;
  /** Number of threads. */
  readonly size: number;
  /** Returns when every thread has called it as often as this one; throws when the call was given up. */
  meet(): void;
}

/** The team of the synchronous functions. */
export const ALONE: Team = { rank: 0, size: 1, meet: () => undefined };

/** Entries of the control block that a team shares. */
const ARRIVED = 0;
const ROUND = 1;
const GIVEN_UP = 2;
const SLEEPING = 3;
/** Length of the control block, in 32-bit integers. */
export const CONTROL_LENGTH = 4;

/** Looks at the control block before a thread goes to sleep, which costs some 18 µs to undo: about as long. */
const LOOKS = 4000;

/** The team behind a control block of {@link CONTROL_LENGTH} shared zeros. */
export function teamOf(control: Int32Array, rank: number, size: number): Team {
  return {
    rank,
    size,
    meet: () => {
      // In this order: a call given up after the second line ends the round of the first.
      const round = Atomics.load(control, ROUND);
      requireGoing(control);
      if (Atomics.add(control, ARRIVED, 1) === size - 1) {
        Atomics.store(control, ARRIVED, 0);
        nextRound(control);
      } else {
        let looks = 0;
        while (looks < LOOKS && Atomics.load(control, ROUND) === round) looks++;
        if (looks === LOOKS) {
          Atomics.add(control, SLEEPING, 1);
          // Returns at once when the round has ended meanwhile.
          while (Atomics.load(control, ROUND) === round) Atomics.wait(control, ROUND, round);
          Atomics.sub(control, SLEEPING, 1);
        }
      }
      requireGoing(control);
    },
  };
}

/** Throws when the call was given up. */
export function requireGoing(control: Int32Array): void {
  if (Atomics.load(control, GIVEN_UP) !== 0) throw new Error("the call was given up");
}

/** Makes every thread of the team throw at its next meeting, or now if it waits in one. */
export function giveUp(control: Int32Array): void {
  Atomics.store(control, GIVEN_UP, 1);
  nextRound(control);
}

function nextRound(control: Int32Array): void {
  Atomics.add(control, ROUND, 1);
  // Waking is a system call; mostly nobody sleeps.
  if (Atomics.load(control, SLEEPING) > 0) Atomics.notify(control, ROUND);
}

/** Bounds of the share of `count` items that falls to a thread, cut at multiples of `grain`. */
export function shareOf(team: Team, count: number, grain = 1): [number, number] {
  const bound = (rank: number): number =>
    rank === team.size ? count : Math.min(count, Math.round((count * rank) / team.size / grain) * grain);
  return [bound(team.rank), bound(team.rank + 1)];
}
