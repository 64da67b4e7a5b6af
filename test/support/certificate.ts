/** Self-signed for `localhost`, until 2126; the keys are public, so they protect nothing but tests. */
export const LOCALHOST = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBWzCCAQ2gAwIBAgIUea1XDpgLgD5qFTpWV40Vftubt5EwBQYDK2VwMBQxEjAQ
BgNVBAMMCWxvY2FsaG9zdDAgFw0yNjExMjEyMzUxMDZaGA8yMTI2MTAyODIzNTEw
NlowFDESMBAGA1UEAwwJbG9jYWxob3N0MCowBQYDK2VwAyEAtfx846pvUc0sKJu8
CR09yWHNyRTgltxRjWyTiuS4V4yjbzBtMB0GA1UdDgQWBBRDF+tZO/Wru9t5a8uf
1Cfla8+rLTAfBgNVHSMEGDAWgBRDF+tZO/Wru9t5a8uf1Cfla8+rLTAPBgNVHRMB
Af8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAFBgMrZXADQQA/
5IRjaiNtx4RJgxNh2GwcoKxQLrqqrUuZX0uqgKu3HF09c1o6lDlgxJpTPdf+nwil
ncnsNQ0v27wS61bRrYYA
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIM+xUIga/4a7/DDlLHKGkLtqhecfAPYE/+5QrpJiosRh
-----END PRIVATE KEY-----
`,
}

/** The private key of another certificate. */
export const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIKuzCqdk4yOPVsfLl8amWKjBRpgK794fr5rLpUaZC+o8
-----END PRIVATE KEY-----
`
