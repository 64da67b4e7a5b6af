import { PeerError } from '../errors.ts'
import { until } from '../network/until.ts'
import type { Observable } from '../observed.ts'
import type { Peer } from '../view.ts'

/** For the relay to let in a member who has a device here, in milliseconds. */
const ADMISSION = 60_000

/** Resolves when the value is as wanted. @throws the signal's reason */
export function reaches<T>(
  observable: Observable<T>,
  wanted: (value: T) => boolean,
  signal: AbortSignal,
): Promise<void> {
  return until(
    () => wanted(observable.value),
    (changed) => observable.subscribe(changed),
    signal,
  )
}

/** Resolves when the relay has let the peer in. @throws PeerError why it does not, and the signal's reason */
export async function admitted({ relay, refused }: Peer, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(ADMISSION)
  await until(
    () => relay.value === 'connected' || refused.value !== undefined || late.aborted,
    (changed) => {
      const ends = [relay.subscribe(changed), refused.subscribe(changed)]
      late.addEventListener('abort', changed)
      return () => {
        for (const end of ends) end()
        late.removeEventListener('abort', changed)
      }
    },
    signal,
  )
  if (relay.value !== 'connected') throw new PeerError(refused.value ?? 'relay-unreachable')
}
