import { renderToString } from 'react-dom/server';
import { Application } from './application.jsx';

export const html = (client) => renderToString(<Application client={client} />);
