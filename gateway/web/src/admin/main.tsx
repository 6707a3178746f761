import './admin.css';
import './jobs.css';
import { mountPage } from '../shell/page';
import { AdminPage } from './admin_page';

mountPage({ current: '/admin', wide: true }, <AdminPage />);
