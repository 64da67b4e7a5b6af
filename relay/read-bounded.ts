/** The body of a request or an answer; `undefined` when there is more of it than allowed, of which no more than that is read. */
export async function readBounded(
  { body }: Pick<Request | Response, 'body'>,
  most: number,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > most) return undefined
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
