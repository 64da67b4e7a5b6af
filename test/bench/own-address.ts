import { networkInterfaces } from 'node:os'

/** An address of this machine that is not the loopback's. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const own = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (own === undefined) throw new Error('this machine has no address but the loopback')
  return own.address
}
