/** The product's mark: a small mesh. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#3b63d9" />
      <path
        d="M9 10.500 22.500 9M9 10.500l4.500 11.500M22.500 9l-9 13M13.500 22l9.500-1M22.500 9l.5 12"
        stroke="#fff"
        strokeOpacity=".65"
        strokeWidth="1.600"
      />
      <g fill="#fff">
        <circle cx="9" cy="10.500" r="3" />
        <circle cx="22.500" cy="9" r="2.400" />
        <circle cx="13.500" cy="22" r="2.700" />
        <circle cx="23" cy="21" r="2" />
      </g>
    </svg>
  );
}
