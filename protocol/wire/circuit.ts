/**
 * Who asks for this over a circuit takes it for the link, as no direct one came to be (SPEC WIRE-4), and who answers does too. Neither says
 * anything: both messages are empty.
 */
export const CIRCUIT_PROTOCOL = '/palabre/circuit/1'
