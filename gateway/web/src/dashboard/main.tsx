/** The dashboard's page. */

import '../charts/charts.css';
import './dashboard.css';
import { mountPage } from '../shell/page';
import { Dashboard } from './dashboard';

mountPage({ current: '/dashboard', wide: true }, <Dashboard />);
