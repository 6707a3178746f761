/** A labelled choice of one among several. */

/** What can be chosen. */
export interface Option {
  value: string;
  name: string;
}

interface ChoiceOf {
  id: string;
  label: string;
  value: string;
  options: readonly Option[];
  onChoose: (value: string) => void;
}

/** The browser's own list: it works by keyboard, on phones and with screen readers. */
export function Choice({ id, label, value, options, onChoose }: ChoiceOf) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.name}
          </option>
        ))}
      </select>
    </div>
  );
}
