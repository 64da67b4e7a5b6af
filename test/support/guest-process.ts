/** A person whose peer is a process of its own, so that it can be stopped in the middle of everything: a laptop that is closed, and opened again. */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Observable, Observed } from '../../node/observed.ts'
import type { GuestOrders, GuestSight } from './guest-main.ts'

const MAIN = fileURLToPath(new URL('./guest-main.ts', import.meta.url))

export interface GuestProcess {
  /** Undefined until they are in the room. */
  readonly sight: Observable<GuestSight | undefined>
  tell(orders: Partial<GuestOrders>): void
  /** SIGSTOP: nothing of it runs any more, and nobody is told. */
  close(): void
  /** SIGCONT. */
  open(): void
  /** Ends it, wherever it is. */
  end(): void
}

export function startGuest(enter: GuestOrders['enter']): GuestProcess {
  const sight = new Observed<GuestSight | undefined>(undefined)
  const child = fork(MAIN, { execArgv: [] })
  child.on('message', (seen: GuestSight) => sight.set(seen))
  child.send({ enter })
  return {
    sight,
    tell: (orders) => void child.send(orders),
    close: () => void child.kill('SIGSTOP'),
    open: () => void child.kill('SIGCONT'),
    end: () => void child.kill('SIGKILL'),
  }
}
