/** A moment for people: to the minute, in universal time. @param milliseconds since the Unix epoch */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** The same of a time of the ledger. @param seconds since the Unix epoch */
export function ledgerMoment(seconds: number): string {
  return moment(seconds * 1000)
}
